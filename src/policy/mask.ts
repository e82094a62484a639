import { createHmac } from 'node:crypto';
import type { Json } from '../model/json.js';
import type { Mask } from '../model/type-node.js';

const hidden = '****';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What a person takes for characters: no mask cuts one, nor a surrogate pair. */
function charactersOf(text: string): readonly string[] {
  // eslint-disable-next-line no-control-regex -- plain ASCII needs no segmentation
  return /^[\x00-\x7f]*$/.test(text)
    ? text.split('')
    : Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** True when showing `shown` of `value` shows at most half of it and hides at least four characters. */
function hidesEnough(value: readonly string[], shown: readonly string[]): boolean {
  const units = (parts: readonly string[]): number => parts.join('').length;
  return (
    shown.length * 2 <= value.length && value.length - shown.length >= 4 && units(shown) * 2 <= units(value)
  );
}

const maxEmailLength = 320;
const maxKeyLength = 512;
const longText = 1024;

function maskEmail(text: string): string {
  const match = text.length > maxEmailLength ? null : /^([^\s@]+)@([^\s@]+\.[^\s@]+)$/.exec(text);
  if (!match) return hidden;
  const local = charactersOf(match[1] ?? '');
  const [first = '', last = ''] = [local[0], local.at(-1)];
  return hidesEnough(local, [first, last]) ? `${first}***${last}@${match[2] ?? ''}` : hidden;
}

function maskPhone(text: string): string {
  if (text.length > 40 || !/^\+?[\d\s().-]+$/.test(text)) return hidden;
  const digits = text.replace(/\D/g, '').split('');
  const shown = digits.slice(-4);
  return hidesEnough(digits, shown) ? `***-***-${shown.join('')}` : hidden;
}

function maskLast4(text: string): string {
  const characters = charactersOf(text.length > longText ? text.slice(-longText) : text);
  const shown = characters.slice(-4);
  return hidesEnough(characters, shown) ? `${hidden}${shown.join('')}` : hidden;
}

function maskApiKey(text: string): string {
  const match =
    text.length > maxKeyLength ? null : /^([A-Za-z0-9]{1,8}_)[\x21-\x7e]*([A-Za-z0-9]{6})$/.exec(text);
  if (!match) return hidden;
  const [, prefix = '', suffix = ''] = match;
  return hidesEnough(text.split(''), `${prefix}${suffix}`.split('')) ? `${prefix}***${suffix}` : hidden;
}

/** Key and scope of hashes. Equal values hash equally only under the same key and scope. */
export interface HashScope {
  readonly key: string | Uint8Array;
  readonly scope: string;
}

function sortKeys(_key: string, value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const sorted = Object.create(null) as Record<string, Json>;
  for (const [key, child] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) sorted[key] = child;
  return sorted;
}

/** Numbers and booleans are few enough to be found by trial: they are hidden in full instead. */
function maskHash(value: Json, { key, scope }: HashScope): string {
  if (typeof value === 'number' || typeof value === 'boolean') return hidden;
  const text = JSON.stringify([scope, typeof value === 'string' ? value : JSON.stringify(value, sortKeys)]);
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 16);
}

const textMasks = { email: maskEmail, phone: maskPhone, last4: maskLast4, api_key: maskApiKey } as const;

/**
 * What is shown instead of a value (spec page 04, "Actions"). A mask shows at most half of a value and hides at least
 * four characters of it (of an e-mail address: of the part before the `@`; of a phone number: of its digits); any other
 * value, also null, a number or an object, is `****`.
 */
export function applyMask(mask: Mask, value: Json, hash: HashScope): Json {
  switch (mask.kind) {
    case 'full':
      return hidden;
    case 'null':
      return null;
    case 'constant':
      return mask.value;
    case 'hash':
      return maskHash(value, hash);
    default:
      return typeof value === 'string' ? textMasks[mask.kind](value) : hidden;
  }
}
