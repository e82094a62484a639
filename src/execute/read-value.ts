import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBitValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBGeometryValue,
  DuckDBIntervalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimeNSValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
  DuckDBVariantValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { bareObject } from '../lib/bare-object.js';
import type { Json } from '../model/json.js';
import { formatDate, formatInterval, formatTime, formatTimestamp } from './calendar.js';
import { parseJson } from './parse-json.js';
import { formatDecimal, formatFloat, formatInteger } from './read-number.js';

/** Converts one value of a column to JSON (spec page 03, "Results"). */
export type ValueReader = (value: DuckDBValue) => Json;

/** The conversion for a column type, chosen once per statement. */
export function compileReader(type: DuckDBType): ValueReader {
  const read = readerOf(type);
  return (value) => (value === null ? null : read(value));
}

function readerOf(type: DuckDBType): ValueReader {
  if (type.alias === 'JSON') return readJson;
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return listReader(type.valueType);
  if (type instanceof DuckDBStructType) return structReader(type);
  if (type instanceof DuckDBMapType) return mapReader(type);
  if (type instanceof DuckDBUnionType) return unionReader(type);
  return type.typeId === DuckDBTypeId.FLOAT ? readFloat : readPlain;
}

function readJson(value: DuckDBValue): Json {
  return typeof value === 'string' ? parseJson(value) : readPlain(value);
}

function readFloat(value: DuckDBValue): Json {
  return typeof value === 'number' ? formatFloat(value) : null;
}

/** Values that carry their own type. Also what a VARIANT holds, at any depth. */
function readPlain(value: DuckDBValue): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return formatNumber(value);
    case 'bigint':
      return formatInteger(value);
    default:
      return value === null ? null : readObject(value);
  }
}

function formatNumber(value: number): Json {
  return Number.isFinite(value) ? value : null;
}

function readObject(value: Exclude<DuckDBValue, string | number | bigint | boolean | null>): Json {
  if (value instanceof DuckDBDecimalValue) return formatDecimal(value.value, value.scale);
  if (value instanceof DuckDBBlobValue || value instanceof DuckDBGeometryValue) {
    return Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength).toString('base64');
  }
  if (value instanceof DuckDBBitValue) return value.toString();
  return readTemporal(value) ?? readNested(value) ?? String(value);
}

function readTemporal(value: object): string | undefined {
  if (value instanceof DuckDBDateValue) return formatDay(value.days);
  if (value instanceof DuckDBTimeValue) return formatTime(value.micros * 1000n);
  if (value instanceof DuckDBTimeNSValue) return formatTime(value.nanos);
  if (value instanceof DuckDBTimeTZValue)
    return formatTime(value.micros * 1000n) + formatOffset(value.offset);
  if (value instanceof DuckDBIntervalValue) return formatInterval(value.months, value.days, value.micros);
  return readTimestamp(value);
}

function readTimestamp(value: object): string | undefined {
  if (value instanceof DuckDBTimestampValue) return timestamp(value.micros, 1000n);
  if (value instanceof DuckDBTimestampTZValue) {
    const text = timestamp(value.micros, 1000n);
    return text.endsWith('y') ? text : `${text}Z`;
  }
  if (value instanceof DuckDBTimestampSecondsValue) return timestamp(value.seconds, 1_000_000_000n);
  if (value instanceof DuckDBTimestampMillisecondsValue) return timestamp(value.millis, 1_000_000n);
  if (value instanceof DuckDBTimestampNanosecondsValue) return timestamp(value.nanos, 1n);
  return undefined;
}

/** DuckDB's infinities are the ends of the integers' ranges, whatever the unit. */
const infiniteTimestamp = 9_223_372_036_854_775_807n;
const infiniteDay = 2_147_483_647;

function timestamp(amount: bigint, unit: bigint): string {
  if (amount === infiniteTimestamp) return 'infinity';
  return amount === -infiniteTimestamp ? '-infinity' : formatTimestamp(amount * unit);
}

function formatDay(days: number): string {
  if (days === infiniteDay) return 'infinity';
  return days === -infiniteDay ? '-infinity' : formatDate(days);
}

function formatOffset(seconds: number): string {
  const minutes = Math.trunc(Math.abs(seconds) / 60);
  const clock = [Math.trunc(minutes / 60), minutes % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  const rest = Math.abs(seconds) % 60;
  return `${seconds < 0 ? '-' : '+'}${clock}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}

/** Containers inside a VARIANT, whose types are only known from the values. */
function readNested(value: object): Json | undefined {
  if (value instanceof DuckDBVariantValue) return readPlain(value.value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map(readPlain);
  if (value instanceof DuckDBStructValue) {
    const { entries } = value;
    return fields(Object.keys(entries).map((name) => [name, readPlain(entries[name] ?? null)]));
  }
  if (value instanceof DuckDBMapValue) {
    return fields(value.entries.map((entry) => [keyText(readPlain(entry.key)), readPlain(entry.value)]));
  }
  return value instanceof DuckDBUnionValue ? fields([[value.tag, readPlain(value.value)]]) : undefined;
}

function listReader(itemType: DuckDBType): ValueReader {
  const read = compileReader(itemType);
  return (value) =>
    value instanceof DuckDBListValue || value instanceof DuckDBArrayValue
      ? value.items.map(read)
      : readPlain(value);
}

function structReader(type: DuckDBStructType): ValueReader {
  const members = type.entryNames.map((name, index) => ({ name, read: readEntry(type.entryTypes[index]) }));
  return (value) => {
    if (!(value instanceof DuckDBStructValue)) return readPlain(value);
    const { entries } = value;
    return fields(
      members.map(({ name, read }) => [name, read(Object.hasOwn(entries, name) ? entries[name] : null)]),
    );
  };
}

function readEntry(type: DuckDBType | undefined): (value: DuckDBValue | undefined) => Json {
  const read = type ? compileReader(type) : readPlain;
  return (value) => (value === undefined ? null : read(value));
}

function mapReader(type: DuckDBMapType): ValueReader {
  const key = compileReader(type.keyType);
  const item = compileReader(type.valueType);
  return (value) =>
    value instanceof DuckDBMapValue
      ? fields(value.entries.map((entry) => [keyText(key(entry.key)), item(entry.value)]))
      : readPlain(value);
}

function unionReader(type: DuckDBUnionType): ValueReader {
  const members = new Map(type.memberTags.map((tag, index) => [tag, readEntry(type.memberTypes[index])]));
  return (value) =>
    value instanceof DuckDBUnionValue
      ? fields([[value.tag, (members.get(value.tag) ?? readEntry(undefined))(value.value)]])
      : readPlain(value);
}

function keyText(key: Json): string {
  return typeof key === 'string' ? key : JSON.stringify(key);
}

function fields(entries: readonly (readonly [string, Json])[]): Json {
  const object = bareObject<Json>();
  for (const [name, value] of entries) object[name] = value;
  return object;
}
