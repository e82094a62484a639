import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Persona } from '../model/caller.js';
import type { JsonObject } from '../model/json.js';
import { at, entriesOf, stringOf, type Field } from './field.js';
import { personaProblems, toPersona } from './persona.js';
import { problemOf, suggestion } from './problems.js';

/** The personas of `users`; a role that the site does not know is a warning. */
export function buildUsers(
  field: Field | undefined,
  roles: readonly string[] | undefined,
  problems: Problem[],
): Readonly<Record<string, Persona>> {
  const users = Object.create(null) as Record<string, Persona>;
  for (const [name, child] of entriesOf(field)) {
    if (child.entries === undefined) continue;
    problems.push(...personaProblems(child));
    users[name] = toPersona(child.data as JsonObject);
    const role = at(child, 'role');
    const named = stringOf(role);
    if (role === undefined || named === undefined || roles === undefined || roles.includes(named)) continue;
    if (named === 'anonymous' || named === 'user') continue;
    const message = `There is no role "${named}" in \`authorization.roles\`; it gives nothing beyond its name`;
    const remedy = suggestion(didYouMean(named, roles));
    problems.push(problemOf(role, { severity: 'warning', rule: 'unknown-role', message, remedy }));
  }
  return users;
}
