/** A decimal number: `digits` × 10^`exponent`. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

const jsonNumber = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,6})?$/;
const decimalParts = /^(-?[0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

/** Longest text that is read as a number: more digits than any type here carries. */
const maxDigits = 400;

function significant(text: string): { readonly digits: string; readonly exponent: number } {
  const [, whole = '0', fraction = '', exponent = '0'] = decimalParts.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^(-?)0+(?=[0-9])/, '$1');
  const kept = digits.replace(/0+$/, '');
  if (kept === '' || kept === '-') return { digits: '0', exponent: 0 };
  return { digits: kept, exponent: Number(exponent) - fraction.length + digits.length - kept.length };
}

/** True when two texts of JSON numbers denote the same number. */
function sameDecimal(a: string, b: string): boolean {
  const left = significant(a);
  const right = significant(b);
  return left.digits === right.digits && left.exponent === right.exponent;
}

/** The double that a text in JSON's number grammar denotes; undefined when there is none or digits would be lost. */
export function parseExactNumber(text: string): number | undefined {
  if (text.length > maxDigits || !jsonNumber.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) && sameDecimal(String(value), text) ? value : undefined;
}

function toDecimal(text: string): Decimal {
  const { digits, exponent } = significant(text);
  return { digits: BigInt(digits), exponent };
}

/** True when the decimal `value` is a whole multiple of `step`, both as they print: 19.99 is a multiple of 0.01. */
export function isMultipleOf(value: number | string, step: number): boolean {
  if (Number.isSafeInteger(value) && Number.isInteger(step)) return Number(value) % step === 0;
  const a = toDecimal(String(value));
  const b = toDecimal(String(step));
  const scale = Math.min(a.exponent, b.exponent);
  const up = ({ digits, exponent }: Decimal): bigint => digits * 10n ** BigInt(exponent - scale);
  return up(a) % up(b) === 0n;
}

/** An integer as a text without sign `+`, leading zeros, spaces or exponent. */
export const integerText = /^-?(?:0|[1-9][0-9]*)$/;

/** A decimal number as a text, as page 03 gives those that no double carries. */
export const decimalText = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** True for the digits of an integer that no JSON number carries safely: outside ±(2^53-1). */
export function isBigDigits(text: string): boolean {
  return (
    text.length >= 16 &&
    text.length <= maxDigits &&
    integerText.test(text) &&
    !Number.isSafeInteger(Number(text))
  );
}
