import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/model/json.js';
import type { Authorization, Role } from '../../src/model/rule.js';
import { compileRoles, type Identity } from '../../src/policy/compile-roles.js';
import { caller, origin, readCases, source } from './build.js';

type RoleText = Partial<Pick<Role, 'includes' | 'capabilities' | 'scopes'>>;

interface AuthorizationText {
  readonly catalogue?: Readonly<Record<string, string>>;
  readonly roles?: Readonly<Record<string, RoleText>>;
  readonly assign: readonly { readonly role: string; readonly when: string }[];
}

interface RoleSuite extends AuthorizationText {
  readonly name: string;
  readonly named: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly identity: Partial<Identity>;
    readonly want: Readonly<Record<string, Json>>;
  }[];
}

function authorization({ catalogue, roles, assign }: AuthorizationText): Authorization {
  const entries = Object.entries(roles ?? {});
  return {
    ...(catalogue ? { capabilities: catalogue } : {}),
    ...(roles
      ? { roles: entries.map(([name, role]) => ({ name, includes: [], capabilities: [], origin, ...role })) }
      : {}),
    assign: assign.map(({ role, when }) => ({ role, when: source(when), origin })),
    scopes: { tagsAsScopes: false, scopedTags: [], defaultScopes: [], requiredScopes: [] },
  };
}

function compile(text: AuthorizationText, named: readonly string[] = []) {
  return compileRoles(authorization(text), { capabilities: named, severalProviders: false });
}

function identity(change: Partial<Identity>): Identity {
  const { role, roles, permissions, groups, capabilities, ...rest } = { ...caller({ role: 'x' }), ...change };
  const stated = Object.fromEntries(
    Object.entries({ role, roles, permissions, groups, capabilities }).filter(([name]) => name in change),
  );
  return { ...rest, ...stated };
}

describe.each((readCases('roles') as readonly RoleSuite[]).map((suite) => [suite.name, suite] as const))(
  '%s',
  (_, suite) => {
    const { resolver, problems } = compile(suite, suite.named);

    it.each(suite.cases.map((item) => [item.name, item] as const))('%s', (_name, item) => {
      expect(problems).toEqual([]);
      const resolved = resolver.resolve(identity(item.identity));
      const sorted = [...resolved.caller.capabilities].sort();
      expect({ ...resolved.caller, capabilities: sorted, notes: resolved.notes }).toMatchObject(item.want);
    });
  },
);

describe('authorization that does not load', () => {
  const rulesOf = (text: AuthorizationText) =>
    compile(text).problems.map(({ rule, message }) => `${rule}: ${message}`);

  it('names a capability that the catalogue does not have in a condition', () => {
    const text = {
      catalogue: { 'orders.read': '' },
      roles: { a: {} },
      assign: [{ role: 'a', when: "['x', 'orders.read'].exists(c, c in user.capabilities)" }],
    };
    expect(rulesOf(text)).toEqual(['unknown-capability: The capability `x` is not in the catalogue']);
  });

  it('reads more than the caller in `assign`', () => {
    const text = { assign: [{ role: 'a', when: "request.ip == '10.0.0.1'" }] };
    expect(rulesOf(text)).toEqual([
      'policy-condition: The condition does not load: `request` does not exist in `assign`',
    ]);
  });
});

describe('scopes of roles', () => {
  it('are inherited, and unbounded without a roles section', () => {
    const { resolver } = compile({
      roles: { viewer: { scopes: ['tag:orders'] }, admin: { includes: ['viewer'], scopes: ['tag:hr'] } },
      assign: [],
    });
    expect(resolver.scopesOf(['admin'])).toEqual(['tag:hr', 'tag:orders']);
    expect(resolver.scopesOf(['nobody'])).toEqual([]);
    expect(compile({ assign: [] }).resolver.scopesOf(['admin'])).toBeUndefined();
  });
});
