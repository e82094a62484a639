import type { ResultColumn } from '../model/effects.js';
import type { Endpoint } from '../model/endpoint.js';
import { dyn, typeOfNode, type CelType } from './cel/cel-type.js';
import type { ResultTypes } from './cel/scope.js';
import { returnsOf } from './output-rule.js';

function withColumns(row: CelType, columns: readonly ResultColumn[]): CelType {
  const fields = new Map<string, CelType>(columns.map(({ name }) => [name, dyn]));
  for (const [name, type] of row.fields ?? []) fields.set(name, type);
  return { ...row, fields };
}

/** What `response` and `row` of an endpoint's conditions are known to be: its declared return type, and the columns of its SQL. */
export function resultTypes(endpoint: Endpoint, columns: readonly ResultColumn[] | undefined): ResultTypes {
  const returns = returnsOf(endpoint);
  const declared = returns?.type === 'array' ? returns.items : returns;
  const item = declared === undefined ? undefined : typeOfNode(declared);
  const isRow = columns !== undefined && (item === undefined || item.kind === 'map');
  const row = isRow ? withColumns(item ?? { kind: 'map' }, columns) : item;
  const isList = returns === undefined ? isRow : returns.type === 'array';
  // Rules about rows do not load where there are none.
  return {
    row: row?.kind === 'map' ? row : undefined,
    response: isList ? { kind: 'list', item: row ?? dyn } : row,
  };
}
