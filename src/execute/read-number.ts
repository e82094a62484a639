/** An integer of any width: a number within ±(2^53-1), else its digits. */
export function formatInteger(value: bigint): number | string {
  return value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n
    ? Number(value)
    : value.toString();
}

/** The shortest decimal that is the same 32-bit float, as DuckDB prints it; null for NaN and ±Infinity. */
export function formatFloat(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  for (let digits = 6; digits < 9; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}

/**
 * A DECIMAL (`unscaled` / 10^`scale`): a number when its shortest double prints back to the same decimal, else a string
 * of digits (spec page 03, "Results").
 */
export function formatDecimal(unscaled: bigint, scale: number): number | string {
  const text = decimalText(unscaled, scale);
  const number = Number(text);
  if (unscaled >= -999_999_999_999_999n && unscaled <= 999_999_999_999_999n) return number;
  return canonical(number.toExponential()) === canonical(text) ? number : text;
}

function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Sign, significant digits and exponent of a decimal text, so that two spellings of one number are equal. */
function canonical(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const point = Number(exponent) - fraction.length;
  const significant = digits.replace(/0+$/, '');
  return `${sign}${significant}e${point + digits.length - significant.length}`;
}
