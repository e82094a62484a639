import type { Problem } from '../errors.js';
import type { BuiltinBody, Limits, ToolEndpoint } from '../model/endpoint.js';
import type { Parameter, TypeNode } from '../model/type-node.js';
import { at, keyOrigin, stringOf, stringsOf, type Field } from './field.js';
import { problemOfKey } from './problems.js';
import { buildPolicies, type SiteRules } from './rules.js';

type BuiltinName = BuiltinBody['tool'];

/** What the built-in SQL tools take from their site. */
export interface BuiltinContext {
  readonly limits: Limits;
  readonly rules: SiteRules;
  readonly requireInputPolicy: boolean;
}

const descriptions: Readonly<Record<BuiltinName, string>> = {
  execute_sql_query:
    "Run one read-only SQL query (DuckDB's dialect) on the tables and views of this database and get its rows. " +
    'Use list_tables and get_table_schema first to learn names and columns.',
  list_tables: 'List the tables and views of this database that queries can use.',
  get_table_schema: 'Show the columns of a table or view: name, type, and whether values can be null.',
};

/** The three tools of `sql_tools` as endpoints, with fixed parameters and results (spec page 07). */
export function buildBuiltinTools(
  sqlTools: Field,
  context: BuiltinContext,
  problems: Problem[],
): readonly ToolEndpoint[] {
  const names: readonly BuiltinName[] = ['execute_sql_query', 'list_tables', 'get_table_schema'];
  return names.map((name) => buildTool(name, at(sqlTools, name), sqlTools, context, problems));
}

function buildTool(
  name: BuiltinName,
  own: Field | undefined,
  sqlTools: Field,
  context: BuiltinContext,
  problems: Problem[],
): ToolEndpoint {
  const tags = stringsOf(at(own, 'tags'));
  const endpoint = { kind: 'tool', name, tags } as const;
  const policies = buildPolicies(at(own, 'policies'), endpoint, context.rules, problems);
  if (context.requireInputPolicy && !policies.input.some(({ mode }) => mode === 'enforce'))
    problems.push(uncovered(sqlTools, name));
  const origin = keyOrigin(own ?? sqlTools);
  return {
    kind: 'tool',
    name,
    description: stringOf(at(own, 'description')) ?? descriptions[name],
    tags,
    parameters: parametersOf(name, origin),
    policies,
    limits: context.limits,
    tests: [],
    origin,
    dynamicSql: false,
    scopes: [],
    unreleasedText: false,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    returns: returnsOf(name, origin),
    body: { language: 'builtin', tool: name },
  };
}

function uncovered(field: Field, name: string): Problem {
  return problemOfKey(field, {
    rule: 'input-policy-required',
    message: `No input rule covers the built-in tool ${name}, and the site demands one (\`policies.require_input_policy\`)`,
    remedy: `Add \`${name}.policies.input\` here, or a rule of the site whose \`match\` includes it.`,
  });
}

function parametersOf(name: BuiltinName, origin: TypeNode['origin']): readonly Parameter[] {
  const text = (parameter: string, description: string, maxLength: number): Parameter => ({
    name: parameter,
    node: { type: 'string', description, minLength: 1, maxLength, origin },
    header: false,
  });
  if (name === 'execute_sql_query')
    return [text('sql', 'One SELECT, DESCRIBE, SUMMARIZE or EXPLAIN statement.', 100_000)];
  return name === 'get_table_schema' ? [text('table_name', 'Name of the table or view.', 1000)] : [];
}

function returnsOf(name: BuiltinName, origin: TypeNode['origin']): TypeNode {
  const row = (properties: Readonly<Record<string, 'string' | 'boolean'>>): TypeNode => ({
    type: 'object',
    origin,
    properties: Object.entries(properties).map(([key, type]) => ({ name: key, node: { type, origin } })),
  });
  if (name === 'execute_sql_query') return { type: 'array', origin, items: { type: 'object', origin } };
  if (name === 'list_tables')
    return { type: 'array', origin, items: row({ name: 'string', type: 'string' }) };
  return { type: 'array', origin, items: row({ name: 'string', type: 'string', nullable: 'boolean' }) };
}
