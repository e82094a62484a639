import { redacted } from './redacted.js';

/** A UUID, so that it is taken as a whole, or at least 13 digits with single separators between them. */
const run = /\b[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}\b|\d(?:[-. ]?\d){12,}/gi;
const uuid = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;
/** First digits of the schemes that people pay with: Visa, Mastercard, American Express, Diners, JCB, Discover, UnionPay, Maestro. */
const scheme = /^(?:[456]|2[2-7]|3[04-9])/;
const fewestDigits = 13;
const mostDigits = 19;

/** True when a run of digits has a valid check digit (ISO/IEC 7812-1 annex B, "Luhn"). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    const weighted = index % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

function isCard(digits: string): boolean {
  return digits.length >= fewestDigits && digits.length <= mostDigits && passesLuhn(digits);
}

/** Whether a number, written out, is one of a payment card: 13 to 19 digits, valid, and with a card scheme's first digit. */
export function isCardNumber(value: number): boolean {
  return (
    Number.isSafeInteger(value) && value >= 2e12 && /^[2-6]/.test(String(value)) && isCard(String(value))
  );
}

interface Group {
  readonly digits: string;
  readonly start: number;
  readonly end: number;
}

/** Where the longest card number that starts with this group ends. Small numbers in a list make no card. */
function cardEnd(text: string, groups: readonly Group[], first: number): number | undefined {
  let digits = '';
  let end: number | undefined;
  for (let index = first; index < groups.length; index += 1) {
    const group = groups[index];
    if (group === undefined || digits.length + group.digits.length > mostDigits) break;
    digits += group.digits;
    const dotted = text.slice(groups[first]?.start, group.end).includes('.');
    const wanted = !dotted || index - first >= 2;
    if (wanted && scheme.test(digits) && isCard(digits)) end = group.end;
    if (group.digits.length < 3 || group.digits.length > 8) break;
  }
  return end;
}

/** Card numbers that overlap by chance are hidden together: which of them is real cannot be known. */
function hideCards(text: string): string {
  const groups = [...text.matchAll(/\d+/g)].map(({ 0: digits, index: start }) => ({
    digits,
    start,
    end: start + digits.length,
  }));
  let result = '';
  let shown = 0;
  let hidden = -1;
  for (const [index, { start }] of groups.entries()) {
    const end = cardEnd(text, groups, index);
    if (end === undefined) continue;
    if (start >= hidden) {
      result += text.slice(shown, start) + redacted;
      hidden = end;
    }
    hidden = Math.max(hidden, end);
    shown = hidden;
  }
  return result + text.slice(shown);
}

function hideRun(text: string): string {
  if (uuid.test(text)) return text;
  if (!text.includes('.') && isCard(text.replaceAll(/[- ]/g, ''))) return redacted;
  return hideCards(text);
}

/**
 * A text without payment card numbers: 13 to 19 digits that are valid together, alone or beside other digits, in groups
 * with spaces, dashes or dots between them. Part of a longer row of digits is none.
 */
export function hideCardNumbers(text: string): string {
  return text.replaceAll(run, hideRun);
}
