import { recordFields } from './seal.js';

/** DuckDB types of a record's fields where they are no text, for exports. */
const exportTypes: Readonly<Record<string, string>> = {
  business_context: 'JSON',
  duration_ms: 'DOUBLE',
  execution_events: 'JSON',
  input_data: 'JSON',
  output_bytes: 'BIGINT',
  output_data: 'JSON',
  output_rows: 'BIGINT',
  policies_evaluated: 'JSON',
  policy_actions: 'JSON',
  policy_shadow: 'JSON',
  schema_version: 'INTEGER',
  scopes: 'JSON',
  seq: 'BIGINT',
  started_seq: 'BIGINT',
  timestamp: 'TIMESTAMP',
};

/** Every field of a record, in the order in which people read it. */
export const logColumns: readonly string[] = orderedColumns();

function orderedColumns(): string[] {
  const first = [
    'timestamp',
    'operation_type',
    'operation_name',
    'operation_status',
    'policy_decision',
    'policy_rule',
    'policy_reason',
    'error_code',
    'error',
    'username',
    'user_id',
    'user_key',
    'role',
    'duration_ms',
    'call_id',
    'record_id',
    'resource_uri',
    'input_data',
  ];
  const known = new Set(first);
  return [...first, ...recordFields.filter((name) => !known.has(name)), 'record_hash', 'signature'];
}

const columnSet: ReadonlySet<string> = new Set(logColumns);

/** Whether a record has a field of this name. */
export function isLogColumn(name: string): boolean {
  return columnSet.has(name);
}

/** Text, unless the field holds JSON of any kind. */
export function isJsonColumn(name: string): boolean {
  const type = exportTypes[name];
  return type !== undefined && type !== 'TIMESTAMP';
}

/** The type with which a field is read from a line: fields that are not text keep their JSON form. */
export function readType(name: string): 'JSON' | 'VARCHAR' {
  return isJsonColumn(name) ? 'JSON' : 'VARCHAR';
}

/** The SQL that turns a read field into its typed form in an export. */
export function exportExpression(name: string): string {
  const type = exportTypes[name] ?? 'VARCHAR';
  if (type === 'VARCHAR' || type === 'JSON') return name;
  return `TRY_CAST(${isJsonColumn(name) ? `${name}::VARCHAR` : name} AS ${type}) AS ${name}`;
}
