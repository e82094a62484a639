import { redacted } from './redacted.js';

/** `key=`, `key: `, `"key": ` and the same inside of escaped JSON, but no `==`, `=>`, `::` and `scheme://`. */
const keyPart = /(?<![\w.-])([A-Za-z_][\w.-]{0,127})(\\*["'])?\s{0,4}(?:=(?![=>])|:(?!:|\/\/))\s{0,4}/g;
const quoted = /\\*(["'])(?:\\[^]|(?!\1)[^\\])*(?:\1|$)/y;
const list = /\[[^\][]*(?:\]|$)/y;
const scheme = /(?:bearer|basic|digest|token|apikey|negotiate|hmac|hawk)\s+(?=\S)/iy;
/** Parameters of one credential are separated by commas and belong to it. */
const plain = /[^\s&]+(?:(?<=,)\s+\w+=[^\s&]+)*/y;

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

/** Where a secret is: what introduces it is shown. `start` is `end` when there is none, as for a number in JSON. */
function secretPlace(text: string, from: number, json: boolean): { start: number; end: number } {
  for (const pattern of [quoted, list]) {
    const end = endOf(pattern, text, from);
    if (end > from) return { start: from, end };
  }
  if (json) return { start: from, end: from };
  const start = endOf(scheme, text, from);
  return { start, end: endOf(plain, text, start) };
}

/**
 * A text without the values that stand behind a key that hides them, as in `password=…`, `Authorization: Token …` and
 * `{"secret": "…"}`, wherever in it that is. In JSON, as in values, only texts are secrets.
 */
export function hideSecretPairs(text: string, isSecretKey: (key: string) => boolean): string {
  if (!/[=:]/.test(text)) return text;
  let result = '';
  let shown = 0;
  keyPart.lastIndex = 0;
  for (let match = keyPart.exec(text); match !== null; match = keyPart.exec(text)) {
    const [, key = '', quote] = match;
    if (!isSecretKey(key)) continue;
    const { start, end } = secretPlace(text, keyPart.lastIndex, quote !== undefined);
    if (end === start) continue;
    result += text.slice(shown, start) + redacted;
    shown = end;
    keyPart.lastIndex = end;
  }
  return result + text.slice(shown);
}
