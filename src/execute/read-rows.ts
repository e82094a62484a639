import {
  DuckDBTypeId,
  type DuckDBDataChunk,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBType,
} from '@duckdb/node-api';
import { SqlRefusedError } from '../errors.js';
import { bareObject } from '../lib/bare-object.js';
import { throwIfStopped, type StopSignal } from '../lib/stop-signal.js';
import { takeTurns } from '../lib/take-turns.js';
import type { ResultColumn } from '../model/effects.js';
import type { Json, JsonObject } from '../model/json.js';
import { nameUnnamed } from './name-unnamed.js';
import { compileReader, type ValueReader } from './read-value.js';
import { RowBudget, type RowBounds } from './row-budget.js';
import { jsonBytes, oversized } from './value-size.js';

/** How the rows of one result become JSON. */
export interface RowReader {
  readonly columns: readonly ResultColumn[];
  readonly readers: readonly ValueReader[];
  /** JSON bytes of the keys of one row. */
  readonly keyBytes: number;
  /** Of each column, whether unnamed structs are in its type. */
  readonly unnamed: readonly boolean[];
}

/** `complete`: the stream was read to its end, so the connection has nothing open. */
export interface ReadResult {
  readonly rows: readonly JsonObject[];
  readonly truncated: boolean;
  readonly complete: boolean;
}

/** Compiles the conversion for a result's columns. Duplicate names become `a`, `a_1`. */
function compileRowReader(
  names: readonly string[],
  types: readonly DuckDBType[],
): Omit<RowReader, 'unnamed'> {
  const columns = uniqueNames(names).map((name, index) => ({ name, type: typeText(types[index]) }));
  return {
    columns,
    readers: types.map(compileReader),
    keyBytes: columns.reduce((sum, { name }) => sum + Buffer.byteLength(name) + 4, 2),
  };
}

/** DuckDB's text form of a type; a JSON column says JSON. */
function typeText(type: DuckDBType | undefined): string {
  return type?.alias ?? String(type);
}

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let count = (counts.get(name) ?? 0) + 1;
    while (taken.has(`${name}_${count}`)) count += 1;
    counts.set(name, count);
    const unique = `${name}_${count}`;
    taken.add(unique);
    seen.add(unique);
    return unique;
  });
}

/** Columns that a result may have: each costs time in every row, whatever the limits of rows and bytes. */
const maxColumns = 4096;

/** The conversion for a result, chosen once for all of its rows. Throws `SqlRefusedError` above 4,096 columns. */
export function rowReaderOf(result: DuckDBResult): RowReader {
  if (result.columnCount > maxColumns)
    throw new SqlRefusedError('The result has more than 4,096 columns; select fewer');
  const types = result.columnTypes();
  const unnamed = types.map(nameUnnamed);
  return { ...compileRowReader(result.columnNames(), types), unnamed };
}

/** Columns of a prepared statement; undefined while a parameter's type is open. */
export function preparedColumns(statement: DuckDBPreparedStatement): readonly ResultColumn[] | undefined {
  const names: string[] = [];
  const types: DuckDBType[] = [];
  for (let index = 0; index < statement.columnCount; index += 1) {
    if (statement.columnTypeId(index) === DuckDBTypeId.INVALID) return undefined;
    names.push(statement.columnName(index));
    types.push(statement.columnType(index));
  }
  return compileRowReader(names, types).columns;
}

/** How a result is read: `signal` stops it also between two rows. */
export interface RowReading extends RowBounds<JsonObject> {
  readonly signal: StopSignal;
}

/**
 * Reads a streamed result until its end or a limit, as `RowBudget` says. Memory is bounded by the limits plus one chunk. A
 * rule that takes long for each row keeps neither other calls waiting nor its own deadline from ending it.
 */
export async function readRows(
  result: DuckDBResult,
  reader: RowReader,
  bounds: RowReading,
): Promise<ReadResult> {
  const budget = new RowBudget(bounds, (row) => reader.keyBytes + rowBytes(row, reader.columns));
  const read = (complete: boolean): ReadResult => ({
    rows: budget.rows,
    truncated: budget.truncated,
    complete,
  });
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return read(true);
    try {
      if (!(await takeChunk(chunk, reader, budget, bounds))) return read(false);
    } finally {
      chunk.reset(); // its texts are freed now, also of a stopped call; the chunk itself only when garbage is collected
    }
  }
}

/** Rows between two looks at the clock, where a rule is asked about each. */
const rowsPerLook = 8;

/** Takes the rows of a chunk; false when the result was cut. */
async function takeChunk(
  chunk: DuckDBDataChunk,
  reader: RowReader,
  budget: RowBudget<JsonObject>,
  { keepRow, limits: { maxBytes }, signal }: RowReading,
): Promise<boolean> {
  const othersTurn = keepRow && takeTurns();
  const count = chunk.rowCount;
  const vectors = reader.readers.map((_, column) => chunk.getColumnVector(column));
  reader.unnamed.forEach((unnamed, column) => {
    if (unnamed) nameUnnamed(chunk.getColumnVector(column).type);
  });
  const tooBig = vectors.map((vector) => oversized(vector, maxBytes)).filter((check) => check !== undefined);
  for (let index = 0; index < count; index += 1) {
    budget.scan();
    if (tooBig.some((check) => check(index))) return budget.refuse();
    if (!budget.add(rowAt(vectors, index, reader))) return false;
    const turn = index % rowsPerLook === 0 ? othersTurn?.() : undefined;
    if (turn === undefined) continue;
    await turn;
    throwIfStopped(signal);
  }
  return true;
}

function rowAt(
  vectors: readonly { getItem(index: number): Parameters<ValueReader>[0] }[],
  index: number,
  { columns, readers }: RowReader,
): JsonObject {
  const row = bareObject<Json>();
  for (let column = 0; column < readers.length; column += 1) {
    const name = columns[column]?.name;
    const value = vectors[column]?.getItem(index);
    if (name !== undefined) row[name] = value === undefined ? null : (readers[column]?.(value) ?? null);
  }
  return row;
}

function rowBytes(row: JsonObject, columns: readonly ResultColumn[]): number {
  let bytes = 0;
  for (const { name } of columns) bytes += jsonBytes(row[name] ?? null);
  return bytes;
}
