import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Persona } from '../model/caller.js';
import type { JsonObject } from '../model/json.js';
import { at, entriesOf, namedWordsOf, stringOf, type Field } from './field.js';
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
    if (roles !== undefined) problems.push(...unknownRoles(child, roles));
  }
  return users;
}

function unknownRoles(persona: Field, declared: readonly string[]): readonly Problem[] {
  const known = [...declared, 'anonymous', 'user'];
  const role = at(persona, 'role');
  const stated = role === undefined ? [] : [{ word: stringOf(role) ?? '', field: role }];
  return [...stated, ...namedWordsOf(at(persona, 'roles'))].flatMap(({ word, field }) => {
    if (word === '' || known.includes(word)) return [];
    const message = `There is no role "${word}" in \`authorization.roles\`; it gives nothing beyond its name`;
    const remedy = suggestion(didYouMean(word, declared));
    return [problemOf(field, { severity: 'warning', rule: 'unknown-role', message, remedy })];
  });
}
