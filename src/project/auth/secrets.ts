import type { EffectiveSetting } from '../../model/project.js';
import type { Json } from '../../model/json.js';
import { entriesOf, itemsOf, originOf, stringOf, type Field } from '../field.js';
import { problem } from '../problems.js';
import { isReference } from '../references.js';
import { hasPassword, isSecretKey } from '../secret-text.js';
import type { AuthSection } from './auth-section.js';

/** Warns about secrets that stand as they are in the site file, which is under version control. */
export function warnLiteralSecrets(section: AuthSection, field: Field | undefined, key = ''): void {
  for (const [name, child] of entriesOf(field)) warnLiteralSecrets(section, child, name);
  if (field?.items !== undefined) for (const item of field.items) warnLiteralSecrets(section, item, key);
  const text = stringOf(field);
  if (field === undefined || text === undefined || field.replaced === true || field.source.confidential)
    return;
  if (isReference(text) || (!isSecretKey(key) && !hasPassword(text))) return;
  section.problems.push(
    problem(originOf(field), {
      severity: 'warning',
      rule: 'literal-secret',
      message: `\`${key}\` is a secret, and the site file is under version control`,
      remedy: 'Write ${NAME}, file://…, vault://… or op://…, or move it into the user config.',
    }),
  );
}

/** Everything that a section says, as `mxcp config` prints it: secrets are hidden, whatever they are. */
export function shownSettings(field: Field | undefined, path: string, key = ''): readonly EffectiveSetting[] {
  if (field === undefined || field.data === null) return [];
  if (field.entries !== undefined)
    return entriesOf(field).flatMap(([name, child]) => shownSettings(child, `${path}.${name}`, name));
  if (field.items !== undefined && !isSecretKey(key) && itemsOf(field).some(({ entries }) => entries))
    return field.items.flatMap((item, index) => shownSettings(item, `${path}[${index}]`, key));
  const from = field.source.confidential ? 'user config' : 'site';
  return [{ path, value: shown(field.data, key), from }];
}

function shown(value: Json, key: string): Json {
  if (isSecretKey(key)) return '[hidden]';
  return typeof value === 'string' && hasPassword(value) ? '[hidden]' : value;
}
