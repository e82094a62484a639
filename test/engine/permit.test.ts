import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerifiedIdentity } from '../../src/auth/identity.js';
import { listOperations } from '../../src/engine/listing.js';
import { call } from '../../src/engine/pipeline.js';
import type { Caller } from '../../src/model/caller.js';
import type { RequestContext } from '../../src/model/call.js';
import { openSite, type OpenSite } from '../transport/open-site.js';

const tags = ['hr', 'pay', 'web', 'ops'];
const scopes = ['tag:hr', 'tag:pay', 'notes:write', 'tag:web', 'tag:*', 'admin'];
const roles = ['clerk', 'chief', 'nobody', 'unheard'];

/** One tool for each set of tags, with and without a scope of its own and a rule that hides it. */
function toolsOf(): Record<string, string> {
  const files: Record<string, string> = {};
  for (let bits = 0; bits < 2 ** tags.length; bits += 1) {
    const own = tags.filter((_, index) => bits & (1 << index));
    for (const [kind, more] of Object.entries({
      plain: '',
      free: 'scopes: [notes:write],',
      ruled: `policies: {input: [{id: r${bits}, condition: "!('clerk' in user.roles)", action: deny}]},`,
    })) {
      const name = `${kind}_${own.join('_')}`;
      files[`tools/${name}.yml`] =
        `mxcp: 1\ntool: {name: ${name}, tags: [${own.join()}], annotations: {readOnlyHint: true}, ${more} source: {code: SELECT 1 AS one}}\n`;
    }
  }
  return files;
}

const site = (more: string): Record<string, string> => ({
  'mxcp-site.yml': `mxcp: 1
project: permit
profile: default
authorization:
  tags_as_scopes: true
  scoped_tags: [hr, pay]
${more}
profiles: {default: {duckdb: {path: ':memory:'}, auth: {api_keys: true}}}
`,
  ...toolsOf(),
});

const withRoles = `  roles:
    clerk: {scopes: ['tag:hr']}
    chief: {includes: [clerk], scopes: ['tag:pay', 'notes:write']}
    nobody: {scopes: []}`;

let bounded: OpenSite;
let unbounded: OpenSite;

beforeAll(async () => {
  bounded = await openSite(site(withRoles));
  unbounded = await openSite(site(''));
});

afterAll(async () => {
  await bounded.close();
  await unbounded.close();
});

let serial = 0;

function identity(fields: Partial<VerifiedIdentity>): VerifiedIdentity {
  serial += 1; // everybody is somebody else, so that no limit on calls gets in the way
  const subject = `person${serial}`;
  return {
    source: 'verified',
    provider: 'corp',
    issuer: null,
    subject,
    key: `corp|${subject}`,
    userId: subject,
    username: null,
    email: null,
    name: null,
    claims: {},
    scopes: [],
    clientId: null,
    ...fields,
  };
}

function context(tagFilter?: RequestContext['tagFilter']): RequestContext {
  const time = Date.now() * 1000;
  return { transport: 'http', id: 'r', time, headers: {}, ip: '127.0.0.1', ...(tagFilter && { tagFilter }) };
}

async function codeOf({ runtime }: OpenSite, caller: Caller, name: string, request: RequestContext) {
  const outcome = await call(runtime, { kind: 'tool', name, arguments: {}, caller, context: request });
  return outcome.status === 'success' ? 'success' : outcome.error.code;
}

const listed = ({ runtime }: OpenSite, caller: Caller, request: RequestContext): Set<string> =>
  new Set(listOperations(runtime, caller, request, 'tool').operations.map(({ endpoint }) => endpoint.name));

describe('a tool is listed exactly to those who can call it', () => {
  it('whatever scopes and roles they have and whatever tags they narrow to', async () => {
    const filter = fc.option(
      fc.array(fc.array(fc.constantFrom(...tags, '', '-hr', '*'), { maxLength: 3 }), { maxLength: 2 }),
      { nil: undefined },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('bounded', 'unbounded'),
        fc.subarray(scopes),
        fc.subarray(roles),
        filter,
        fc.nat({ max: 47 }),
        async (which, held, has, tagFilter, pick) => {
          const one = which === 'bounded' ? bounded : unbounded;
          const caller = one.runtime.callerFor(identity({ scopes: held, roles: has }));
          const request = context(tagFilter);
          const names = one.runtime.registry.list('tool').map(({ endpoint }) => endpoint.name);
          const seen = listed(one, caller, request);
          for (const name of [pick, pick + 5, pick + 17].map((index) => names[index % names.length] ?? '')) {
            const ended = await codeOf(one, caller, name, request);
            expect([name, ended === 'success']).toEqual([name, seen.has(name)]);
          }
          const everything = listed(one, caller, context());
          for (const name of seen) expect(everything.has(name)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('what a credential may do', () => {
  it('is bounded by what its roles allow, those that they include too', () => {
    const scopesOf = (held: readonly string[] | 'by-roles', ...has: string[]) =>
      bounded.runtime.callerFor(identity({ scopes: held, roles: has })).scopes;
    expect(scopesOf(scopes, 'clerk')).toEqual(['tag:hr']);
    expect(scopesOf(scopes, 'chief')).toEqual(['tag:hr', 'tag:pay', 'notes:write']);
    expect(scopesOf(scopes, 'nobody')).toEqual([]);
    expect(scopesOf(scopes, 'unheard')).toEqual([]);
    expect(scopesOf(scopes)).toEqual([]);
    expect(scopesOf([], 'chief')).toEqual([]);
    expect(scopesOf('by-roles', 'clerk')).toEqual(['tag:hr']);
    expect(unbounded.runtime.callerFor(identity({ scopes: 'by-roles' })).scopes).toEqual([]);
    expect(unbounded.runtime.callerFor(identity({ scopes })).scopes).toEqual(scopes);
  });

  it('is worked out once for each verified identity, and never for another one', () => {
    const ada = identity({ scopes: ['tag:hr'], roles: ['clerk'] });
    const { runtime } = bounded;
    expect(runtime.callerFor(ada)).toBe(runtime.callerFor(ada));
    expect(runtime.callerFor({ ...ada })).not.toBe(runtime.callerFor(ada));
    expect(Object.isFrozen(runtime.callerFor(ada).scopes)).toBe(true);
  });
});

describe('a call without its scopes', () => {
  const pay = 'plain_hr_pay';

  it('names all that it needs where the roles allow what is missing', async () => {
    const caller = bounded.runtime.callerFor(identity({ scopes: ['tag:hr'], roles: ['chief'] }));
    const request = { kind: 'tool', name: pay, arguments: {}, caller, context: context() } as const;
    const outcome = await call(bounded.runtime, request);
    expect(outcome).toMatchObject({
      status: 'denied',
      error: { code: 'AUTH_INSUFFICIENT_SCOPE', requiredScopes: ['tag:hr', 'tag:pay'] },
      policy: { decision: 'deny', rule: 'authorization/scopes' },
    });
  });

  it('is an unknown name where they do not, and for anonymous callers', async () => {
    const clerk = bounded.runtime.callerFor(identity({ scopes: ['tag:hr', 'tag:pay'], roles: ['clerk'] }));
    expect(await codeOf(bounded, clerk, pay, context())).toBe('CALL_UNKNOWN_ENDPOINT');
    for (const one of [bounded, unbounded]) {
      const anonymous = one.runtime.callerOf('http');
      expect(await codeOf(one, anonymous, pay, context())).toBe('CALL_UNKNOWN_ENDPOINT');
      expect(await codeOf(one, anonymous, 'plain_web', context())).toBe('success');
    }
  });

  it('does not happen to the operator, on stdio and at the command line', async () => {
    for (const transport of ['stdio', 'cli'] as const) {
      const caller = bounded.runtime.callerOf(transport);
      expect(await codeOf(bounded, caller, pay, { ...context(), transport })).toBe('success');
      const narrow = bounded.runtime.callerOf(transport, {
        claims: {},
        userId: 'x',
        roles: ['chief'],
        scopes: [],
      });
      expect(await codeOf(bounded, narrow, pay, { ...context(), transport })).toBe('AUTH_INSUFFICIENT_SCOPE');
    }
  });
});

describe('each layer stands alone', () => {
  const combinations = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => ({
    auth: (bits & 1) > 0,
    scoped: (bits & 2) > 0,
    limited: (bits & 4) > 0,
  }));

  it.each(combinations)('auth $auth, scopes $scoped, limits $limited', async ({ auth, scoped, limited }) => {
    const one = await openSite({
      'mxcp-site.yml': `mxcp: 1
project: layers
profile: default
authorization: {tags_as_scopes: ${scoped}, anonymous_scopes: []}
limits: {rate: ${limited ? '{per_user: {rate: 1/min, burst: 3}}' : '{global: off, per_user: off}'}}
profiles:
  default:
    duckdb: {path: ':memory:'}
    transport: {http: {host: 0.0.0.0, base_url: 'https://mcp.example.com'}}
    auth: ${auth ? '{api_keys: true}' : '{allow_anonymous: true}'}
`,
      'tools/hr.yml': `mxcp: 1\ntool: {name: hr, tags: [hr], source: {code: SELECT 1 AS one}}\n`,
      'tools/open.yml': `mxcp: 1\ntool: {name: open, source: {code: SELECT 1 AS one}}\n`,
    });
    try {
      const { runtime } = one;
      expect(runtime.auth === undefined).toBe(!auth);
      const caller = auth ? runtime.callerFor(identity({ scopes: [] })) : runtime.callerOf('http');
      const request = { ...context(), ip: '203.0.113.7' };
      const denied = auth ? 'AUTH_INSUFFICIENT_SCOPE' : 'CALL_UNKNOWN_ENDPOINT';
      expect(await codeOf(one, caller, 'hr', request)).toBe(scoped ? denied : 'success');
      expect(await codeOf(one, caller, 'open', request)).toBe('success');
      expect(await codeOf(one, caller, 'open', request)).toBe('success');
      expect(await codeOf(one, caller, 'open', request)).toBe(limited ? 'CALL_RATE_LIMITED' : 'success');
    } finally {
      await one.close();
    }
  });
});
