import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createProvider } from '../../../src/auth/providers/create-provider.js';
import { minimalSite, newSite, read } from '../../project/site.js';

const folder = new URL('../../../docs/providers/', import.meta.url);
const types = ['atlassian', 'github', 'google', 'keycloak', 'oidc', 'salesforce', 'workos'];

/** The first block of YAML, without the indentation of the step that it belongs to. */
function stanzaOf(page: string): string {
  const lines = (/ {3}```yaml\n([\s\S]*?) {3}```/.exec(page)?.[1] ?? '').split('\n');
  return lines.map((line) => line.slice(3)).join('\n');
}

function environmentFor(stanza: string): Record<string, string> {
  return Object.fromEntries([...stanza.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, 'a-value']));
}

describe('the pages on providers', () => {
  it('are one for each type', () => {
    expect(readdirSync(folder).sort()).toEqual(types.map((type) => `${type}.md`));
  });

  describe.each(types)('%s', (type) => {
    const page = readFileSync(new URL(`${type}.md`, folder), 'utf8');

    it('has at most ten steps, and a table of what goes wrong', () => {
      const steps = [...page.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
      expect(steps).toEqual(steps.map((_, index) => index + 1));
      expect(steps.length).toBeGreaterThan(4);
      expect(steps.length).toBeLessThanOrEqual(10);
      expect(page).toContain('## When it does not work');
    });

    it('has a stanza that loads as it stands, with the callback that the page registers', async () => {
      const stanza = stanzaOf(page);
      const site = await newSite({ 'mxcp-site.yml': minimalSite, 'c.yml': stanza });
      const { project, problems } = await read(site, { config: 'c.yml', env: environmentFor(stanza) });
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      const [settings] = project?.auth.issuer?.providers ?? [];
      expect(settings?.type).toBe(type);
      expect(page).toContain(`https://tools.example.com/oauth/callback/${settings!.name}`);
      expect(createProvider(settings!).name).toBe(settings!.name);
    });
  });
});
