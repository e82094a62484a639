import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBUnionType,
  type DuckDBType,
} from '@duckdb/node-api';

/**
 * Names the members of unnamed structs (`row(a, b)`) inside a type by their positions, `1`, `2`, as DuckDB counts them:
 * the client keeps a struct's values by name, so that all but the last would be lost. True when there were any.
 */
export function nameUnnamed(type: DuckDBType): boolean {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return nameUnnamed(type.valueType);
  if (type instanceof DuckDBMapType) return nameAll([type.keyType, type.valueType]);
  if (type instanceof DuckDBUnionType) return nameAll(type.memberTypes);
  if (!(type instanceof DuckDBStructType)) return false;
  const inside = nameAll(type.entryTypes);
  if (!type.entryNames.includes('')) return inside;
  type.entryNames.forEach((name, index) => {
    if (name === '') Reflect.set(type.entryNames, index, String(index + 1));
  });
  return true;
}

function nameAll(types: readonly DuckDBType[]): boolean {
  return types.map(nameUnnamed).includes(true);
}
