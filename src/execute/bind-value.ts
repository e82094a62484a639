import {
  BIGINT,
  BOOLEAN,
  DATE,
  DOUBLE,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  LIST,
  STRUCT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  VARCHAR,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { InternalError } from '../errors.js';
import { bareObject } from '../lib/bare-object.js';
import type { Json, JsonObject } from '../model/json.js';
import type { TypeNode } from '../model/type-node.js';
import { parseDate, parseTime, parseTimestamp, secondsToMicros } from './parse-time.js';

/** A value in DuckDB's terms, with the type that it is bound as. */
interface Bound {
  readonly type: DuckDBType;
  readonly value: DuckDBValue;
}

/** Binds one canonical argument to a parameter of a prepared statement. */
export type Binder = (statement: DuckDBPreparedStatement, index: number, value: Json | undefined) => void;

/** How values of a declared type are bound (spec page 03, "Bound in DuckDB as"); decided once at load. */
export function compileBinder(node: TypeNode): Binder {
  const bind = binderOf(node);
  return (statement, index, value) => {
    if (value === null || value === undefined) statement.bindNull(index);
    else bind(statement, index, value);
  };
}

function binderOf(node: TypeNode): (statement: DuckDBPreparedStatement, index: number, value: Json) => void {
  if (node.type === 'integer' && node.format !== 'timestamp') {
    return (statement, index, value) => statement.bindBigInt(index, toBigInt(value));
  }
  if (node.type === 'number' && node.format !== 'timestamp') {
    return (statement, index, value) => statement.bindDouble(index, Number(value));
  }
  if (node.type === 'boolean')
    return (statement, index, value) => statement.bindBoolean(index, value === true);
  if (node.type === 'string' && !temporal.has(node.format ?? '')) {
    return (statement, index, value) => statement.bindVarchar(index, textOf(value));
  }
  return (statement, index, value) => {
    const bound = convert(node, value);
    statement.bindValue(index, bound.value, bound.type);
  };
}

const temporal = new Set(['date', 'time', 'date-time', 'timestamp']);

function convert(node: TypeNode, value: Json): Bound {
  if (value === null) return { type: typeOf(node, value), value: null };
  switch (node.type) {
    case 'boolean':
      return { type: BOOLEAN, value: value === true };
    case 'integer':
      return node.format === 'timestamp'
        ? convertText(node, value)
        : { type: BIGINT, value: toBigInt(value) };
    case 'number':
      return node.format === 'timestamp' ? convertText(node, value) : { type: DOUBLE, value: Number(value) };
    case 'string':
      return convertText(node, value);
    case 'array':
      return convertArray(node, value);
    case 'object':
      return convertObject(node, value);
  }
}

function convertText(node: TypeNode, value: Json): Bound {
  const text = textOf(value);
  switch (node.format) {
    case 'date':
      return { type: DATE, value: new DuckDBDateValue(parseDate(text)) };
    case 'time':
      return { type: TIME, value: new DuckDBTimeValue(parseTime(text)) };
    case 'timestamp':
      return { type: TIMESTAMP, value: new DuckDBTimestampValue(secondsToMicros(text)) };
    case 'date-time': {
      const { micros, zoned } = parseTimestamp(text);
      return zoned
        ? { type: TIMESTAMPTZ, value: new DuckDBTimestampTZValue(micros) }
        : { type: TIMESTAMP, value: new DuckDBTimestampValue(micros) };
    }
    default:
      return { type: VARCHAR, value: text };
  }
}

/** The type of a value by its declaration; of `date-time` also by the value, which may carry a zone or not. */
function typeOf(node: TypeNode, value: Json): DuckDBType {
  switch (node.type) {
    case 'boolean':
      return BOOLEAN;
    case 'integer':
      return node.format === 'timestamp' ? TIMESTAMP : BIGINT;
    case 'number':
      return node.format === 'timestamp' ? TIMESTAMP : DOUBLE;
    case 'string':
      return textType(node, value);
    case 'array':
      return LIST(itemType(node.items, Array.isArray(value) ? value : []));
    case 'object':
      return objectType(node, value);
  }
}

function textType(node: TypeNode, value: Json): DuckDBType {
  if (node.format === 'date') return DATE;
  if (node.format === 'time') return TIME;
  if (node.format === 'timestamp') return TIMESTAMP;
  if (node.format !== 'date-time') return VARCHAR;
  return typeof value === 'string' && !parseTimestamp(value).zoned ? TIMESTAMP : TIMESTAMPTZ;
}

function itemType(items: TypeNode | undefined, values: readonly Json[]): DuckDBType {
  if (!items) return freeItemType(values);
  if (items.type !== 'object' && items.type !== 'array' && items.format !== 'date-time')
    return typeOf(items, null);
  return typeOf(items, values.find((value) => value !== null) ?? null);
}

/** An array without declared items takes the type that all its values share, else their JSON text. */
function freeItemType(values: readonly Json[]): DuckDBType {
  const present = values.filter((value) => value !== null);
  if (present.every((value) => typeof value === 'string')) return VARCHAR;
  if (present.every((value) => typeof value === 'boolean')) return BOOLEAN;
  if (present.every((value) => Number.isSafeInteger(value))) return BIGINT;
  return present.every((value) => typeof value === 'number') ? DOUBLE : VARCHAR;
}

function objectType(node: TypeNode, value: Json): DuckDBType {
  if (!node.properties?.length) return VARCHAR;
  const entries = bareObject<DuckDBType>();
  for (const { name, node: property } of node.properties)
    entries[name] = typeOf(property, member(value, name));
  return STRUCT(entries);
}

function convertArray(node: TypeNode, value: Json): Bound {
  if (!Array.isArray(value)) throw new InternalError('An array argument is not an array');
  const list: readonly Json[] = value as readonly Json[];
  const item = itemType(node.items, list);
  return {
    type: LIST(item),
    value: new DuckDBListValue(list.map((entry) => convertItem(node.items, item, entry))),
  };
}

function convertItem(items: TypeNode | undefined, type: DuckDBType, value: Json): DuckDBValue {
  if (value === null) return null;
  if (items) return convert(items, value).value;
  if (type === BIGINT) return toBigInt(value);
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
    return type === VARCHAR && typeof value !== 'string' ? JSON.stringify(value) : value;
  }
  return JSON.stringify(value);
}

/** An object without declared properties is its JSON text, which DuckDB's JSON functions take. */
function convertObject(node: TypeNode, value: Json): Bound {
  if (!node.properties?.length) return { type: VARCHAR, value: JSON.stringify(value) };
  const entries = bareObject<DuckDBValue>();
  for (const { name, node: property } of node.properties) {
    entries[name] = convert(property, member(value, name)).value;
  }
  return { type: objectType(node, value), value: new DuckDBStructValue(entries) };
}

function member(value: Json, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.hasOwn(value, name) ? ((value as JsonObject)[name] ?? null) : null;
}

function toBigInt(value: Json): bigint {
  if (typeof value === 'number' || typeof value === 'string') return BigInt(value);
  throw new InternalError('An integer argument is not an integer');
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
