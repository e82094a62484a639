import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listOperations } from '../../src/engine/listing.js';
import type { Persona } from '../../src/model/caller.js';
import { type OpenSite, openSite, serveSite } from '../transport/open-site.js';
import { modern, modernHeaders, post, toolCall } from '../transport/http/post.js';
import { ask, cases, contextOf, endOf, person } from './calls.js';
import { capabilities, roles, rolesSite, toolFor } from './roles-site.js';

type Matrix = Readonly<Record<string, readonly string[]>>;
const [, may] = cases('roles') as readonly [Matrix, Matrix];

let site: OpenSite;
beforeAll(async () => {
  site = await openSite(rolesSite());
});
afterAll(() => site.close());

async function usable(open: OpenSite, who: Persona | undefined, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    if (endOf(await ask(open.runtime, who, toolFor(name))) === '"done"') found.push(name);
  }
  return found;
}

function listed(who: Persona | undefined): string[] {
  const caller = site.runtime.callerOf('http', who);
  return listOperations(site.runtime, caller, contextOf('http'), 'tool').operations.map(
    ({ endpoint }) => endpoint.name,
  );
}

describe('capabilities', () => {
  it.each(roles)('of the role %s are exactly those of the sample', async (role) => {
    expect(await usable(site, person({ role }), capabilities)).toEqual(
      capabilities.filter((name) => may[role]?.includes(name)),
    );
  });

  it('of an unknown role and of nobody are none', async () => {
    for (const who of [undefined, person({ role: 'chief' }), person({ role: 'constructor' })]) {
      expect(await usable(site, who, capabilities)).toEqual([]);
    }
  });

  it('that are new are those of administrators at once, and of nobody else', async () => {
    const grown = await openSite(rolesSite({ more: 'releases:rollback' }));
    const who = await Promise.all(
      roles.map(async (role) => [role, await usable(grown, person({ role }), ['releases:rollback'])]),
    );
    await grown.close();
    expect(Object.fromEntries(who)).toEqual({
      viewer: [],
      analyst: [],
      developer: [],
      service: [],
      admin: ['releases:rollback'],
    });
  });

  it('that the catalogue does not have keep the site from loading, in a role and in a condition', async () => {
    const files = rolesSite();
    const inRole = files['mxcp-site.yml']?.replace(
      "service:   {capabilities: ['pipe",
      "service:   {capabilities: ['pope",
    );
    await expect(openSite({ ...files, 'mxcp-site.yml': inRole ?? '' })).rejects.toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({
          rule: 'unknown-capability',
          message: 'The capability "popelines:trigger" is not in the catalogue',
        }),
      ]) as unknown,
    });
    const name = `tools/${toolFor('releases:deploy')}.yml`;
    const inRule = files[name]?.replace("!('releases:deploy'", "!('releases:deplyo'");
    await expect(openSite({ ...files, [name]: inRule ?? '' })).rejects.toThrow(/releases:deplyo.*catalogue/);
  });

  it('that are missing are on record also when the caller is only told that there is no such tool', async () => {
    const name = toolFor('releases:deploy');
    const outcome = await ask(site.runtime, person({ role: 'viewer' }), name, {}, { transport: 'http' });
    expect(outcome).toMatchObject({
      error: { message: `Unknown tool: ${name}` },
      policy: { decision: 'n/a' },
    });
    expect(site.records().at(-1)).toMatchObject({
      call_id: outcome.callId,
      operation_name: name,
      role: 'viewer',
      error_code: 'POLICY_DENIED',
      policy_rule: 'needs-releases:deploy',
    });
  });

  it('that are missing are named in the denial and in its record', async () => {
    const outcome = await ask(site.runtime, person({ role: 'developer' }), toolFor('releases:deploy'));
    expect(outcome).toMatchObject({
      status: 'denied',
      error: { message: 'This needs releases:deploy', rule: 'needs-releases:deploy' },
    });
    expect(site.records().at(-1)).toMatchObject({
      policy_decision: 'deny',
      policy_rule: 'needs-releases:deploy',
      policy_reason: 'This needs releases:deploy',
    });
  });
});

describe('a tool is listed exactly to those who may call it', () => {
  const some = fc.record({
    role: fc.option(fc.constantFrom(...roles, 'chief'), { nil: null }),
    roles: fc.uniqueArray(fc.constantFrom(...roles, 'chief')),
    capabilities: fc.uniqueArray(fc.constantFrom(...capabilities, '*', 'mxcp:admin')),
  });

  it('whatever roles and capabilities they have', async () => {
    const needs = [...roles, ...capabilities];
    await fc.assert(
      fc.asyncProperty(some, async (fields) => {
        const who = person(fields);
        const seen = listed(who);
        for (const name of needs.map(toolFor)) {
          const outcome = await ask(site.runtime, who, name, {}, { transport: 'http' });
          expect([name, endOf(outcome)]).toEqual([
            name,
            seen.includes(name) ? '"done"' : 'CALL_UNKNOWN_ENDPOINT',
          ]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each(['viewer', 'developer', 'admin'])('over HTTP too: %s', async (role) => {
    const served = await serveSite(rolesSite(), { persona: person({ role }) });
    const list = await post(served.url, modern('tools/list'), modernHeaders('tools/list'));
    const { tools } = list.messages[0]?.['result'] as { tools: { name: string }[] };
    const names = tools.map(({ name }) => name);
    const called = await Promise.all(
      capabilities.map(async (name) => {
        const answer = await post(served.url, ...toolCall('modern', toolFor(name)));
        return answer.messages[0]?.['error'] === undefined ? [toolFor(name)] : [];
      }),
    );
    await served.close();
    expect(called.flat()).toEqual(capabilities.filter((name) => may[role]?.includes(name)).map(toolFor));
    expect(names.filter((name) => capabilities.map(toolFor).includes(name)).sort()).toEqual(
      called.flat().sort(),
    );
  });
});
