import type { Problem } from '../../errors.js';
import { at, originOf, stringOf, type Field } from '../field.js';
import type { Finding } from '../problems.js';
import { problemOf, problemOfKey } from '../problems.js';
import type { SettingSources } from '../setting-reader.js';

/** The `auth` section of the active profile while it is read. */
export interface AuthSection {
  /** Absent when neither file has one. */
  readonly field: Field | undefined;
  readonly problems: Problem[];
}

/** Where a merged field came from, as the sources of a setting. */
export function sourcesOf(field: Field | undefined): Pick<SettingSources<never>, 'user' | 'site'> {
  return field?.source.confidential === true ? { user: field } : { site: field };
}

/** The text under one of some keys, the first that is there; an empty one counts as absent. */
export function textAt(field: Field | undefined, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = stringOf(at(field, key))?.trim();
    if (text !== undefined && text !== '') return text;
  }
  return undefined;
}

/** Adds a problem at a value. */
export function refuse(section: AuthSection, field: Field, finding: Finding): void {
  section.problems.push(problemOf(field, finding));
}

/** Adds a problem at a key. */
export function refuseKey(section: AuthSection, field: Field, finding: Finding): void {
  section.problems.push(problemOfKey(field, finding));
}

/** Says that a key is missing from a section. */
export function missingKey(section: AuthSection, field: Field, path: string, remedy?: string): void {
  refuseKey(section, field, { rule: 'missing-key', message: `\`${path}\` is missing`, remedy });
}

/** Names that `user.provider` has for callers who did not sign in at a provider. */
const reservedNames: readonly string[] = ['api-key', 'mtls', 'local', 'anonymous', 'none'];

/** Refuses a name of a way in that would make its callers look like others. */
export function refuseReserved(section: AuthSection, field: Field, name: string): void {
  if (!reservedNames.includes(name)) return;
  const message = `"${name}" means other callers; call it otherwise`;
  refuse(section, field, { rule: 'wrong-value', message });
}

/** Says of every name that comes twice where the second one is. */
export function refuseTwins(
  section: AuthSection,
  named: readonly { readonly name: string; readonly field: Field }[],
  what: string,
): void {
  const first = new Map<string, Field>();
  for (const { name, field } of named) {
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, field);
      continue;
    }
    const { file, line } = originOf(before);
    refuse(section, field, {
      rule: 'duplicate-name',
      message: `There are two ${what} "${name}"; the other is at ${file}:${line}`,
      remedy: 'Give each one of its own.',
    });
  }
}
