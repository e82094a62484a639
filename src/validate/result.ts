import { InvalidResultError } from '../errors.js';
import type { ResultColumn } from '../model/effects.js';
import type { Json, JsonObject } from '../model/json.js';
import type { TypeNode } from '../model/type-node.js';
import { compileCheck } from './check-value.js';

/** What is done with the result of a body before any output rule sees it (spec page 03, "Results"). */
export interface ResultCheck {
  /** Rows of a SQL body in the form that the return type asks for. Throws `InvalidResultError`. */
  readonly shapeRows: (rows: readonly JsonObject[], columns: readonly ResultColumn[]) => Json;
  /** The same value, when it fits the return type. Throws `InvalidResultError`, whose message has no content. */
  readonly check: (value: Json) => Json;
}

/** Compiles shaping and check for a declared return type; without one, rows are a list and every value fits. */
export function compileResult(returns: TypeNode | undefined): ResultCheck {
  if (returns === undefined) return { shapeRows: (rows) => rows, check: (value) => value };
  return { shapeRows: compileShape(returns), check: compileRootCheck(returns) };
}

function compileRootCheck(returns: TypeNode): (value: Json) => Json {
  const check = compileCheck(returns, 'result-root');
  return (value) => {
    const fault = check(value);
    if (fault === undefined) return value;
    const path = fault.path.replace(/^\./, '');
    const place = path === '' ? '' : ` at '${path}'`;
    throw new InvalidResultError(`The result does not fit its declared type${place}: ${fault.message}`, path);
  };
}

function compileShape(returns: TypeNode): ResultCheck['shapeRows'] {
  if (returns.type === 'array') return (rows) => rows;
  const nullable = returns.nullable === true;
  return (rows, columns) => {
    const [row] = rows;
    if (row === undefined) {
      if (nullable) return null;
      throw new InvalidResultError('No results returned', '');
    }
    if (rows.length > 1) throw tooMany(returns, `${rows.length} results`);
    return returns.type === 'object' ? row : singleValue(returns, row, columns);
  };
}

function singleValue(returns: TypeNode, row: JsonObject, columns: readonly ResultColumn[]): Json {
  const [column] = columns;
  if (column === undefined || columns.length > 1) throw tooMany(returns, `${columns.length} columns`);
  return row[column.name] ?? null;
}

function tooMany(returns: TypeNode, found: string): InvalidResultError {
  return new InvalidResultError(
    `Expected single result for return type '${returns.type}', but got ${found}`,
    '',
  );
}
