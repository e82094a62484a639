import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Persona } from '../../src/model/caller.js';
import { type OpenSite, openSite, serveSite } from '../transport/open-site.js';
import { post, toolCall } from '../transport/http/post.js';
import { ask, cases, endOf, person } from './calls.js';
import { roles, rolesSite, toolFor } from './roles-site.js';

type Matrix = Readonly<Record<string, readonly string[]>>;
const [mayUse] = cases('roles') as readonly [Matrix];

let site: OpenSite;
beforeAll(async () => {
  site = await openSite(rolesSite({ hideDenied: false }));
});
afterAll(() => site.close());

/** The roles whose tools somebody may use. */
async function opened(who: Persona | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const role of roles) {
    const end = endOf(await ask(site.runtime, who, toolFor(role)));
    expect(['"done"', 'POLICY_DENIED']).toContain(end);
    if (end === '"done"') found.push(role);
  }
  return found;
}

describe('the sample of roles in the documentation', () => {
  it.each(roles)(
    'opens to %s its own tools, those of the roles that it includes, and no other',
    async (role) => {
      expect(await opened(person({ role }))).toEqual(mayUse[role]);
      expect(await opened(person({ roles: [role] }))).toEqual(mayUse[role]);
    },
  );

  it('opens everything to administrators, also to those that `assign` makes so', async () => {
    expect(await opened(person({ groups: ['platform'] }))).toEqual(roles);
  });

  it('opens to somebody with several roles what any of them opens', async () => {
    expect(await opened(person({ roles: ['analyst', 'service'] }))).toEqual(['viewer', 'analyst', 'service']);
    expect(await opened(person({ email: 'ann@example.com', role: 'service' }))).toEqual([
      'viewer',
      'analyst',
      'service',
    ]);
  });

  it.each(['chief', '', 'Admin', 'admin ', 'аdmin', '*', '__proto__', 'constructor', 'anonymous', 'user'])(
    'opens nothing to the unknown role %j',
    async (role) => {
      expect(await opened(person({ role, roles: [role] }))).toEqual([]);
    },
  );

  it('opens nothing to a caller without any role', async () => {
    expect(await opened(undefined)).toEqual([]);
    expect(await opened(person({ userId: '1' }))).toEqual([]);
  });
});

describe('a tool that deletes', () => {
  const count = async (): Promise<string> => endOf(await ask(site.runtime, undefined, 'count_assignments'));

  it('is denied with rule and reason to everybody but administrators, and its body does not run', async () => {
    const before = await count();
    for (const role of roles.filter((name) => name !== 'admin')) {
      const outcome = await ask(site.runtime, person({ role }), 'delete_assignment', { id: 1 });
      expect(outcome).toMatchObject({
        status: 'denied',
        error: { code: 'POLICY_DENIED', message: 'Deleting needs the role admin', rule: 'admins-only' },
        policy: { decision: 'deny', rule: 'admins-only', reason: 'Deleting needs the role admin' },
      });
    }
    expect(await count()).toBe(before);
    const started = site.records().filter((record) => record['operation_status'] === 'started');
    expect(started).toEqual([]);
  });

  it('takes nobody for an administrator who says so in the arguments', async () => {
    const before = await count();
    const forged = {
      id: 1,
      user_context: { role: 'admin', roles: ['admin'] },
      user: { role: 'admin', roles: ['admin'] },
      role: 'admin',
    };
    for (const who of [undefined, person({ role: 'viewer' })]) {
      expect(endOf(await ask(site.runtime, who, 'delete_assignment', forged))).toBe('POLICY_DENIED');
    }
    expect(await count()).toBe(before);
  });

  it('runs for an administrator', async () => {
    const outcome = await ask(site.runtime, person({ role: 'admin' }), 'delete_assignment', { id: 2 });
    expect(endOf(outcome)).toBe('[{"id":2}]');
    expect(await count()).toBe('2');
  });

  it.each(['modern', 'legacy'] as const)('tells a %s client rule and reason as a tool error', async (era) => {
    const served = await serveSite(rolesSite({ hideDenied: false }));
    const [body, headers] = toolCall(era, 'delete_assignment', { id: 1 });
    const answer = await post(served.url, body, { ...headers, 'x-role': 'admin', 'x-user-role': 'admin' });
    await served.close();
    expect(answer.status).toBe(200);
    expect(answer.messages[0]?.['result']).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'Deleting needs the role admin' }],
      _meta: { code: 'POLICY_DENIED', rule: 'admins-only' },
    });
  });
});
