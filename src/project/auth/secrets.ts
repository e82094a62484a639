import type { EffectiveSetting } from '../../model/project.js';
import type { Json } from '../../model/json.js';
import { entriesOf, itemsOf, stringOf, type Field } from '../field.js';
import { refuse, type AuthSection } from './auth-section.js';

const secretKeys = new Set([
  'client_secret',
  'api_key',
  'encryption_key',
  'auth_encryption_key',
  'token_encryption_key',
  'previous_keys',
]);

const hasPassword = (text: string): boolean => /^[a-z]+:\/\/[^/@]*:[^/@]+@/i.test(text);

/** Warns about secrets that stand as they are in the site file, which is under version control. */
export function warnLiteralSecrets(section: AuthSection, field: Field | undefined, key = ''): void {
  for (const [name, child] of entriesOf(field)) warnLiteralSecrets(section, child, name);
  if (field?.items !== undefined) for (const item of field.items) warnLiteralSecrets(section, item, key);
  const text = stringOf(field);
  if (field === undefined || text === undefined || field.replaced === true || field.source.confidential)
    return;
  if (!secretKeys.has(key) && !hasPassword(text)) return;
  refuse(section, field, {
    severity: 'warning',
    rule: 'literal-secret',
    message: `\`${key}\` is a secret, and the site file is under version control`,
    remedy: 'Write ${NAME}, file://…, vault://… or op://…, or move it into the user config.',
  });
}

/** Everything that a section says, as `mxcp config` prints it: secrets are hidden, whatever they are. */
export function shownSettings(field: Field | undefined, path: string, key = ''): readonly EffectiveSetting[] {
  if (field === undefined || field.data === null) return [];
  if (field.entries !== undefined)
    return entriesOf(field).flatMap(([name, child]) => shownSettings(child, `${path}.${name}`, name));
  if (field.items !== undefined && !secretKeys.has(key) && itemsOf(field).some(({ entries }) => entries))
    return field.items.flatMap((item, index) => shownSettings(item, `${path}[${index}]`, key));
  const from = field.source.confidential ? 'user config' : 'site';
  return [{ path, value: shown(field.data, key), from }];
}

function shown(value: Json, key: string): Json {
  if (secretKeys.has(key)) return '[hidden]';
  return typeof value === 'string' && hasPassword(value) ? '[hidden]' : value;
}
