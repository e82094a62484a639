import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../services/free-port.js';
import { serve, writeSite, type Server, type Site } from './program.js';

let site: Site;
let server: Server;
beforeAll(async () => {
  const down = `http://127.0.0.1:${await freePort()}`;
  site = writeSite(
    {
      'mxcp-site.yml': `mxcp: 1
project: signs
profile: default
profiles:
  default:
    duckdb: { path: ':memory:' }
    auth:
      provider: oidc
      oidc: { name: corp, client_id: a, client_secret: '\${SECRET}', discovery_url: '${down}' }
`,
    },
    { SECRET: 'a secret of the application' },
  );
  server = await serve(site, ['--debug', '--port', String(await freePort())]);
});
afterAll(async () => {
  await server.stop();
  site.remove();
});

const linesOf = (): Record<string, unknown>[] =>
  server.said.stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the log of a server where people sign in', () => {
  it('has lines of JSON only, whatever its libraries say about themselves', () => {
    expect(linesOf().length).toBeGreaterThan(0);
    expect(server.said.stdout).not.toContain('oidc-provider');
  });

  it('says in one line each time that the provider is down, why, and without a stack', async () => {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { status } = await fetch(new URL('/oauth/sign-in/corp', server.url), { redirect: 'manual' });
      expect(status).toBe(502);
    }
    const failures = linesOf().filter(({ msg }) => msg === 'Sign-in at corp could not begin');
    expect(failures).toHaveLength(2);
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'AUTH_UNAVAILABLE' });
      expect(failure['reason']).toContain('ECONNREFUSED');
      expect(JSON.stringify(failure)).not.toContain('    at ');
    }
  });
});
