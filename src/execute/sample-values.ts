import type { DuckDBPreparedStatement } from '@duckdb/node-api';
import type { Json } from '../model/json.js';
import type { Parameter, TypeNode } from '../model/type-node.js';
import { compileBinder } from './bind-value.js';

/** Binds a value to each parameter of a statement that is only planned, never run for its result. */
export type SampleBinder = (statement: DuckDBPreparedStatement) => void;

/**
 * Two ways to bind the parameters of a statement that DuckDB can only plan with values: values of the declared types
 * (from `enum`, `default`, `examples`, else made up), and NULL.
 */
export function sampleBinders(parameters: readonly Parameter[]): readonly SampleBinder[] {
  const byName = new Map(parameters.map(({ name, node }) => [name, { binder: compileBinder(node), node }]));
  return [
    (statement) => {
      for (let index = 1; index <= statement.parameterCount; index += 1) {
        const known = byName.get(statement.parameterName(index));
        if (known) known.binder(statement, index, sampleOf(known.node));
        else statement.bindNull(index);
      }
    },
    (statement) => {
      for (let index = 1; index <= statement.parameterCount; index += 1) statement.bindNull(index);
    },
  ];
}

function sampleOf(node: TypeNode): Json {
  const given = [...(node.enum ?? []), node.default ?? null, ...(node.examples ?? [])].find(
    (value) => value !== null,
  );
  return given ?? madeUp(node);
}

function madeUp(node: TypeNode): Json {
  switch (node.type) {
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return 1;
    case 'array':
      return node.items ? [sampleOf(node.items)] : [];
    case 'object':
      return Object.fromEntries(
        (node.properties ?? []).map(({ name, node: property }) => [name, sampleOf(property)]),
      );
    case 'string':
      return madeUpText(node.format);
  }
}

function madeUpText(format: string | undefined): string {
  if (format === 'date') return '2024-01-01';
  if (format === 'time') return '00:00:00';
  if (format === 'date-time') return '2024-01-01T00:00:00Z';
  return format === 'timestamp' ? '0' : '';
}
