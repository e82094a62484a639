/** What stands in a record where a sensitive value was. */
export const redacted = '[REDACTED]';

const bearer = /\b(bearer|basic)\s+[\w\-.~+/]{8,}=*/gi;
const jwt = /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}/g;
const pem =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g;
const socialSecurity = /(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)/g;
const cardDigits = /(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/g;

const shortestSecret = 11;
const mayHoldSecret = /\d[\d -]{9}|eyJ|bearer|basic|PRIVATE/i;

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

function isCard(text: string): boolean {
  const digits = text.replaceAll(/[ -]/g, '');
  return digits.length >= 13 && digits.length <= 19 && passesLuhn(digits);
}

/** Whether a number, written out, is one of a payment card: 13 to 19 digits, valid, and with a card scheme's first digit. */
export function isCardNumber(value: number): boolean {
  return (
    Number.isSafeInteger(value) && value >= 2e12 && /^[2-6]/.test(String(value)) && isCard(String(value))
  );
}

/**
 * Replaces what looks like a credential or a number of a person in a text: bearer tokens, JWTs, private keys, card numbers
 * and social security numbers (spec page 05, "Redaction").
 */
export function redactPatterns(text: string): string {
  if (text.length < shortestSecret || !mayHoldSecret.test(text)) return text;
  return text
    .replaceAll(pem, redacted)
    .replaceAll(bearer, `$1 ${redacted}`)
    .replaceAll(jwt, redacted)
    .replaceAll(cardDigits, (match) => (isCard(match) ? redacted : match))
    .replaceAll(socialSecurity, redacted);
}
