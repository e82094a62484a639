import type { Json, JsonObject } from '../model/json.js';
import type { Colors } from './context.js';
import type { Cell } from './table.js';

/** Fields that a row of the table is made of. */
export const rowColumns: readonly string[] = [
  'timestamp',
  'operation_type',
  'operation_name',
  'resource_uri',
  'operation_status',
  'policy_decision',
  'policy_rule',
  'error_code',
  'error',
  'username',
  'user_id',
  'user_key',
  'role',
  'os_user',
  'duration_ms',
  'output_rows',
  'call_id',
  'record_id',
];

export const rowHead: readonly string[] = ['TIME', 'WHAT', 'WHO', 'RESULT', 'POLICY', 'MS', 'ROWS', 'CALL'];

/** A record's time for people: local, or with `utc` as it is recorded. */
export function localTime(timestamp: string, utc: boolean): string {
  const millis = Date.parse(timestamp);
  if (Number.isNaN(millis)) return timestamp;
  if (utc) return timestamp.slice(0, 23).replace('T', ' ') + 'Z';
  const date = new Date(millis);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  const time = [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(':');
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function text(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One field of a record as a cell. */
export function cell(name: string, value: Json | undefined, utc: boolean): string {
  return name === 'timestamp' && typeof value === 'string' ? localTime(value, utc) : text(value);
}

/** What happens around a credential has no code of its own for each cause: its reason is a fixed text. */
function resultOf(record: JsonObject): string {
  const { error_code: code, operation_status: status, operation_type: type, error } = record;
  const result = text(code ?? status);
  return type === 'auth' && error !== undefined && error !== null ? `${result}: ${text(error)}` : result;
}

function policyOf(record: JsonObject): string {
  const decision = text(record['policy_decision']);
  return record['policy_rule'] === undefined ? decision : `${decision} ${text(record['policy_rule'])}`;
}

/** Who it was: a name of a user, or what is known of one without a name. */
function whoOf(record: JsonObject): string {
  const user = text(record['username'] ?? record['user_id'] ?? record['user_key']);
  if (user !== '') return user;
  const role = text(record['role']);
  if (role !== '') return `(role ${role})`;
  const operator = text(record['os_user']);
  return operator === '' ? '-' : `(${operator} on this machine)`;
}

/** A record as a row under `rowHead`. */
export function recordRow(record: JsonObject, utc: boolean, colors: Colors): Cell[] {
  const what = `${text(record['operation_type'])} ${text(record['resource_uri'] ?? record['operation_name'])}`;
  const denied = record['policy_decision'] === 'deny';
  const failed = record['operation_status'] === 'error';
  const marked = (bad: boolean, said: string): Cell => (bad ? { text: said, paint: colors.red } : said);
  return [
    localTime(text(record['timestamp']), utc),
    what,
    whoOf(record),
    marked(failed, resultOf(record)),
    marked(denied, policyOf(record)),
    text(record['duration_ms']),
    text(record['output_rows']),
    text(record['call_id'] ?? record['record_id']),
  ];
}
