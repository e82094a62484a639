import { describe, expect, it } from 'vitest';
import { compileRules } from '../../src/policy/compile-rules.js';
import { context, endpoint } from './build.js';

const roles = new Set(['admin', 'analyst']);

function warnings(condition: string, declared: ReadonlySet<string> | undefined = roles) {
  const { rules, problems } = compileRules(endpoint({ input: [{ condition }] }), {
    ...context(),
    roles: declared,
  });
  expect(rules).toBeDefined();
  return problems.map(({ severity, rule, origin, remedy }) => [severity, rule, origin.column, remedy]);
}

const warning = (column: number, remedy: string): unknown[] => [
  'warning',
  'unknown-role-literal',
  column,
  remedy,
];

describe('a role that a rule names', () => {
  it.each([
    ["user.role != 'amdin'", [warning(14, 'Did you mean `admin`?')]],
    ["'analist' == user.role", [warning(1, 'Did you mean `analyst`?')]],
    ["!('boss' in user.roles)", [warning(3, 'Add it to `authorization.roles`')]],
    [
      "user.role in ['admin', 'analysts', 'boss']",
      [warning(14, 'Did you mean `analyst`?'), warning(14, 'Add it to `authorization.roles`')],
    ],
  ])('and the site does not declare is warned about: %s', (condition, wanted) => {
    expect(warnings(condition)).toEqual(wanted);
  });

  it.each([
    "user.role == 'admin'",
    "user.role in ['anonymous', 'user', 'analyst']",
    "'admin' in user.roles",
    "user.username == 'boss'",
    "'boss' in user.groups",
    'user.role == user.username',
  ])('is fine where it is declared, given to everybody, or no role: %s', (condition) => {
    expect(warnings(condition)).toEqual([]);
  });

  it('may be anything on a site that declares none', () => {
    expect(
      compileRules(endpoint({ input: [{ condition: "user.role == 'boss'" }] }), context()).problems,
    ).toEqual([]);
  });
});
