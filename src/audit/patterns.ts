import { hideCardNumbers } from './card-numbers.js';
import { redacted } from './redacted.js';

const bearer = /\b(bearer|basic)\s+[\w\-.~+/]{8,}=*/gi;
const jwt = /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}/g;
const pem =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g;
const socialSecurity = /(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)/g;

const shortestSecret = 11;
const mayHoldSecret = /\d[\d .-]{9}|eyJ|bearer|basic|PRIVATE/i;

const foreign = /[\p{Nd}\uff01-\uff5e\u2010-\u2015\u2212\ufe58\ufe63\p{Zs}\p{Cf}]/gu;

function foldCharacter(char: string): string {
  if (/\p{Cf}/u.test(char)) return '';
  if (/[\p{Pd}\u2212]/u.test(char)) return '-';
  return /\p{Zs}/u.test(char) ? ' ' : char.normalize('NFKC');
}

/** Digits, dashes and spaces of other widths and kinds as those of ASCII, so that they hide nothing. Never longer. */
function fold(text: string): string {
  return /[\u0080-\uffff]/.test(text) ? text.replaceAll(foreign, foldCharacter) : text;
}

/**
 * Replaces what looks like a credential or a number of a person in a text: bearer tokens, JWTs, private keys, card numbers
 * and social security numbers (spec page 05, "Redaction"), also in other widths of digits and dashes. A text without any
 * is given back as it is.
 */
export function redactPatterns(text: string): string {
  if (text.length < shortestSecret) return text;
  const folded = fold(text);
  if (!mayHoldSecret.test(folded)) return text;
  const clean = hideCardNumbers(
    folded.replaceAll(pem, redacted).replaceAll(bearer, `$1 ${redacted}`).replaceAll(jwt, redacted),
  ).replaceAll(socialSecurity, redacted);
  return clean === folded ? text : clean;
}
