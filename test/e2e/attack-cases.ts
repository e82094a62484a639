import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Written {
  readonly tool?: string;
  readonly resource?: string;
  readonly prompt?: string;
  readonly arguments?: Readonly<Record<string, string>>;
  readonly repeat?: Readonly<Record<string, number>>;
  readonly items?: Readonly<Record<string, number>>;
  readonly ends: readonly string[];
}

/** One payload: JSON texts by parameter, and the ways in which the call may end. */
export interface Attack {
  readonly title: string;
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly name: string;
  readonly arguments: readonly (readonly [string, string])[];
  readonly ends: readonly string[];
}

function readCases(name: string): unknown {
  return parse(readFileSync(new URL(`cases/${name}`, import.meta.url), 'utf8'));
}

function argumentsOf({ arguments: given = {}, repeat = {}, items = {} }: Written): [string, string][] {
  return [
    ...Object.entries(given),
    ...Object.entries(repeat).map(([key, count]): [string, string] => [key, `"${'a'.repeat(count)}"`]),
    ...Object.entries(items).map(([key, count]): [string, string] => [
      key,
      JSON.stringify(Array.from({ length: count }, (_, i) => i)),
    ]),
  ];
}

function toAttack(written: Written): Attack {
  const { tool, resource, prompt, ends } = written;
  const kind = resource !== undefined ? 'resource' : prompt !== undefined ? 'prompt' : 'tool';
  const name = tool ?? resource ?? prompt ?? '';
  const args = argumentsOf(written);
  const title = `${name} ${args.map(([key, text]) => `${key}=${text.slice(0, 60)}`).join(' ')}`;
  return { title, kind, name, arguments: args, ends };
}

/** The payloads of `cases/attacks.yml`. */
export const attacks: readonly Attack[] = (
  readCases('attacks.yml') as { tool?: string; payloads: Written[] }[]
).flatMap(({ tool, payloads }) =>
  payloads.map((one) => toAttack(tool !== undefined && one.resource === undefined ? { ...one, tool } : one)),
);

/** The statements of `cases/sql-attacks.yml`, as payloads of the SQL tool. */
export const sqlAttacks: readonly Attack[] = (readCases('sql-attacks.yml') as string[]).map((sql) => ({
  title: sql,
  kind: 'tool',
  name: 'execute_sql_query',
  arguments: [['sql', JSON.stringify(sql)]],
  ends: ['EXECUTE_SQL_REFUSED', 'CALL_INVALID_ARGUMENTS'],
}));

const methods = { tool: 'tools/call', resource: 'resources/read', prompt: 'prompts/get' } as const;

/** The JSON-RPC method of an attack. */
export function methodOf({ kind }: Attack): string {
  return methods[kind];
}

/** The JSON text of the request's `params`, with arguments exactly as written. */
export function paramsOf({ kind, name, arguments: args }: Attack, meta?: object): string {
  const members = args.map(([key, text]) => `${JSON.stringify(key)}:${text}`);
  const parts =
    kind === 'resource'
      ? [`"uri":${JSON.stringify(name)}`]
      : [`"name":${JSON.stringify(name)}`, `"arguments":{${members.join(',')}}`];
  if (meta) parts.push(`"_meta":${JSON.stringify(meta)}`);
  return `{${parts.join(',')}}`;
}

interface Message {
  readonly result?: { readonly isError?: boolean; readonly _meta?: { readonly code?: string } };
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly code?: string };
  };
}

/**
 * How an answered message ended, in one word: `success`, the code of the failure, `unknown` for what does not exist for
 * this caller, `refused` for a message that was not dispatched.
 */
export function endOf(message: unknown): string {
  const { result, error } = message as Message;
  if (
    error?.data?.code === 'CALL_UNKNOWN_ENDPOINT' ||
    /^(Unknown|Resource not found)/.test(error?.message ?? '')
  )
    return 'unknown';
  if (error) return error.data?.code ?? 'refused';
  return result?.isError === true ? (result._meta?.code ?? 'no code') : 'success';
}
