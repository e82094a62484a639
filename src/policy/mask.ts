import { createHmac, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../lib/canonical-json.js';
import type { Json } from '../model/json.js';
import type { Mask } from '../model/type-node.js';

const hidden = '****';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are ASCII too
  return /^[\x00-\x7f]*$/.test(text);
}

/** What a person takes for characters: no mask cuts one, nor a surrogate pair. */
function charactersOf(text: string): readonly string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** True when showing `shown` of `length` characters shows at most half of them and hides at least four. */
function hidesEnough(length: number, shown: number): boolean {
  return shown * 2 <= length && length - shown >= 4;
}

/** The first `head` and last `tail` characters, when showing them hides enough of the text. */
function endsOf(text: string, head: number, tail: number): readonly [string, string] | undefined {
  if (isAscii(text)) {
    const enough = hidesEnough(text.length, head + tail);
    return enough ? [text.slice(0, head), text.slice(text.length - tail)] : undefined;
  }
  if (text.length > longText) return undefined;
  const characters = charactersOf(text);
  const ends = [characters.slice(0, head).join(''), characters.slice(-tail).join('')] as const;
  const enough =
    hidesEnough(characters.length, head + tail) && hidesEnough(text.length, ends.join('').length);
  return enough ? ends : undefined;
}

const maxEmailLength = 320;
const maxPhoneLength = 40;
const maxKeyLength = 512;
const longText = 1024;

function maskEmail(text: string): string {
  const match = text.length > maxEmailLength ? null : /^([^\s@]+)@([^\s@]+\.[^\s@]+)$/.exec(text);
  const ends = match && endsOf(match[1] ?? '', 1, 1);
  return ends ? `${ends[0]}***${ends[1]}@${match[2] ?? ''}` : hidden;
}

function maskPhone(text: string): string {
  if (text.length > maxPhoneLength || !/^\+?[\d\s().-]+$/.test(text)) return hidden;
  const ends = endsOf(text.replace(/\D/g, ''), 0, 4);
  return ends ? `***-***-${ends[1]}` : hidden;
}

function maskLast4(text: string): string {
  const ends = endsOf(text, 0, 4);
  return ends ? `${hidden}${ends[1]}` : hidden;
}

function maskApiKey(text: string): string {
  const prefix =
    text.length > maxKeyLength
      ? undefined
      : /^[A-Za-z0-9]{1,8}_(?=[\x21-\x7e]*[A-Za-z0-9]{6}$)/.exec(text)?.[0];
  const ends = prefix === undefined ? undefined : endsOf(text, prefix.length, 6);
  return ends ? `${ends[0]}***${ends[1]}` : hidden;
}

/** Key and scope of hashes. Equal values hash equally only under the same key and scope. */
export interface HashScope {
  readonly key: KeyObject;
  readonly scope: string;
}

/** Numbers and booleans are few enough to be found by trial: they are hidden in full instead. */
function maskHash(value: Json, { key, scope }: HashScope): string {
  if (typeof value === 'number' || typeof value === 'boolean') return hidden;
  const text = JSON.stringify([scope, typeof value === 'string' ? value : canonicalJson(value)]);
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 16);
}

function onText(mask: (text: string) => string): (value: Json) => Json {
  return (value) => (typeof value === 'string' ? mask(value) : hidden);
}

/**
 * What is shown instead of a value (spec page 04, "Actions"). A mask shows at most half of a value and hides at least
 * four characters of it (of an e-mail address: of the part before the `@`; of a phone number: of its digits); any other
 * value, also null, a number or an object, is `****`.
 */
export function maskFunction(mask: Mask, hash: HashScope): (value: Json) => Json {
  switch (mask.kind) {
    case 'full':
      return () => hidden;
    case 'null':
      return () => null;
    case 'constant':
      return () => mask.value;
    case 'hash':
      return (value) => maskHash(value, hash);
    case 'email':
      return onText(maskEmail);
    case 'phone':
      return onText(maskPhone);
    case 'last4':
      return onText(maskLast4);
    case 'api_key':
      return onText(maskApiKey);
  }
}
