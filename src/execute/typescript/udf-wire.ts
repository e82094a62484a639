import type { Json } from '../../model/json.js';
import type { UdfType, UdfValue } from '../../model/udf.js';

/** A value that is not of the type that the function said. The message names types only, never the value. */
export class WrongUdfType extends Error {}

const nonFinite: Readonly<Record<string, number>> = { NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity };
const loneSurrogate = /\p{Surrogate}/gu;

function inRange(value: bigint, bits: number): boolean {
  return BigInt.asIntN(bits, value) === value;
}

function kindOf(value: unknown): string {
  if (value instanceof Promise) return 'a promise';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** A value as it travels: BIGINT as digits, a DOUBLE that JSON has no number for by its name. Throws `WrongUdfType`. */
export function encodeUdf(type: UdfType, value: unknown): Json {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'VARCHAR':
      if (typeof value === 'string') return value.replaceAll(loneSurrogate, '\uFFFD');
      break;
    case 'BOOLEAN':
      if (typeof value === 'boolean') return value;
      break;
    case 'INTEGER':
      if (typeof value === 'number' && Number.isInteger(value) && inRange(BigInt(value), 32)) return value;
      break;
    case 'DOUBLE':
      if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
      break;
    case 'BIGINT': {
      const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
      if (typeof whole === 'bigint' && inRange(whole, 64)) return whole.toString();
    }
  }
  throw new WrongUdfType(`it gave ${kindOf(value)} that is no ${type}`);
}

/** A value that travelled. Throws `WrongUdfType` for what `encodeUdf` does not make. */
export function decodeUdf(type: UdfType, value: Json | undefined): UdfValue {
  if (value === null) return null;
  switch (type) {
    case 'VARCHAR':
      if (typeof value === 'string') return value;
      break;
    case 'BOOLEAN':
      if (typeof value === 'boolean') return value;
      break;
    case 'INTEGER':
      if (typeof value === 'number' && (value | 0) === value) return value;
      break;
    case 'DOUBLE':
      if (typeof value === 'number') return value;
      if (typeof value === 'string' && Object.hasOwn(nonFinite, value)) return nonFinite[value] ?? NaN;
      break;
    case 'BIGINT':
      if (typeof value === 'string' && /^-?\d{1,19}$/.test(value) && inRange(BigInt(value), 64))
        return BigInt(value);
  }
  throw new WrongUdfType(`it gave something that is no ${type}`);
}
