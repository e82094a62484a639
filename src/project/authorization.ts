import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Authorization, Role, RoleAssignment } from '../model/rule.js';
import {
  at,
  entriesOf,
  itemsOf,
  keyOrigin,
  originOf,
  stringOf,
  stringsOf,
  wordsOf,
  type Field,
} from './field.js';
import { problemOf, problemOfKey, suggestion } from './problems.js';
import { sourceTextOf } from './scalar-text.js';

/** `authorization` of the site file: catalogue, roles and assignments, with what they refer to checked (spec page 04). */
export function buildAuthorization(
  field: Field | undefined,
  problems: Problem[],
): Omit<Authorization, 'scopes'> {
  const catalogue = at(field, 'capabilities');
  const rolesField = at(field, 'roles');
  const roles = entriesOf(rolesField).map(([name, child]) => buildRole(name, child));
  const names = roles.map(({ name }) => name);
  const known = catalogue === undefined ? undefined : entriesOf(catalogue).map(([name]) => name);
  for (const [name, child] of entriesOf(rolesField)) {
    problems.push(
      ...unknownRoles(itemsOf(at(child, 'includes')), names, 'include'),
      ...(known === undefined ? [] : unknownCapabilities(child, known)),
    );
    if (includesItself(name, roles)) problems.push(circular(child, name));
  }
  return {
    ...(catalogue !== undefined && { capabilities: descriptions(catalogue) }),
    ...(rolesField !== undefined && { roles }),
    assign: itemsOf(at(field, 'assign')).flatMap((item) => buildAssignment(item, names, problems)),
  };
}

function descriptions(field: Field): Readonly<Record<string, string>> {
  const found = Object.create(null) as Record<string, string>;
  for (const [name, child] of entriesOf(field)) found[name] = stringOf(child) ?? '';
  return found;
}

function buildRole(name: string, field: Field): Role {
  const scopes = at(field, 'scopes');
  return {
    name,
    includes: stringsOf(at(field, 'includes')),
    capabilities: stringsOf(at(field, 'capabilities')),
    ...(scopes !== undefined && { scopes: wordsOf(scopes) }),
    origin: keyOrigin(field),
  };
}

function unknownRoles(
  items: readonly Field[],
  roles: readonly string[],
  purpose: string,
): readonly Problem[] {
  const message = (name: string): string => `There is no role "${name}" to ${purpose}`;
  return unknown(items, roles, 'unknown-role', message, 'authorization.roles');
}

function unknownCapabilities(role: Field, catalogue: readonly string[]): readonly Problem[] {
  const items = itemsOf(at(role, 'capabilities')).filter(
    (item) => item.data !== '*' && item.data !== 'mxcp:admin',
  );
  const message = (name: string): string => `The capability "${name}" is not in the catalogue`;
  return unknown(items, catalogue, 'unknown-capability', message, 'authorization.capabilities');
}

function unknown(
  items: readonly Field[],
  known: readonly string[],
  rule: string,
  message: (name: string) => string,
  home: string,
): readonly Problem[] {
  return items.flatMap((item) => {
    const name = stringOf(item);
    if (name === undefined || known.includes(name)) return [];
    const remedy = suggestion(didYouMean(name, known)) ?? `Add it to \`${home}\`, or correct the name.`;
    return [problemOf(item, { rule, message: message(name), remedy })];
  });
}

function includesItself(start: string, roles: readonly Role[]): boolean {
  const byName = new Map(roles.map((role) => [role.name, role]));
  const seen = new Set<string>();
  const open = [...(byName.get(start)?.includes ?? [])];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === start) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(byName.get(name)?.includes ?? []));
  }
  return false;
}

function circular(role: Field, name: string): Problem {
  const remedy = 'Remove one of the `includes` on the way.';
  return problemOfKey(role, {
    rule: 'circular-roles',
    message: `The role "${name}" includes itself`,
    remedy,
  });
}

function buildAssignment(
  field: Field,
  roles: readonly string[],
  problems: Problem[],
): readonly RoleAssignment[] {
  const named = at(field, 'role');
  const role = stringOf(named);
  const when = at(field, 'when');
  if (named === undefined || role === undefined || when === undefined || stringOf(when) === undefined)
    return [];
  if (roles.length > 0) problems.push(...unknownRoles([named], roles, 'assign'));
  return [{ role, when: sourceTextOf(when), origin: originOf(field) }];
}
