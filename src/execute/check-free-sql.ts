import { SqlRefusedError } from '../errors.js';
import { isObject } from '../lib/is-object.js';
import { allowedFunctions, allowedTableFunctions } from './allowed-functions.js';
import { withoutLiterals } from './duckdb-error.js';
import { splitStatements, type SqlSegment } from './lex-sql.js';
import { unreadPart } from './refused-statement.js';

/** A table or view that queries may read, by its parts. */
export interface RelationName {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
}

/** What decides over free-form SQL: DuckDB's parser and the catalogue. */
export interface FreeSqlCatalog {
  /** DuckDB's `json_serialize_sql` of a text. */
  readonly parse: (sql: string) => Promise<string>;
  /** Tables and views of the site. */
  readonly relations: () => Promise<readonly RelationName[]>;
}

/**
 * Refuses free-form SQL that is not one query over the site's tables and views by allowed functions (spec page 07,
 * "Built-in SQL tools"). Decided on DuckDB's own parse tree; what the lists do not know is refused. Throws
 * `SqlRefusedError` with the reason; returns the statement as it may run.
 */
export async function checkFreeSql(sql: string, catalog: FreeSqlCatalog): Promise<SqlSegment> {
  const [segment, ...others] = splitStatements(sql);
  if (!segment) throw refuseWhole('The text has no statement');
  if (others.length > 0) throw refuseWhole('More than one statement');
  const unread = unreadPart(segment);
  if (unread) throw refuseWhole(unread.message);
  const parsed = readTree(await catalog.parse(queryOf(segment)));
  const statements = listOf(parsed, 'statements');
  if (statements.length !== 1) throw refuseWhole('More than one statement');
  const relations = await catalog.relations();
  for (const statement of statements) checkNode(statement, { relations, ctes: new Set() });
  return segment;
}

/** The query behind a leading EXPLAIN. EXPLAIN's options are refused, because ANALYZE among them would run it. */
function queryOf({ text, start, tokens }: SqlSegment): string {
  const [first, second] = tokens;
  if (first?.kind !== 'word' || first.text.toLowerCase() !== 'explain') return text;
  if (!second) throw refuse('EXPLAIN of nothing');
  const option = second.text.toLowerCase();
  if (second.text === '(' || option === 'analyze' || option === 'analyse') {
    throw refuse('EXPLAIN with options or ANALYZE');
  }
  return text.slice(second.start - start);
}

function readTree(json: string): TreeNode {
  const parsed: unknown = JSON.parse(json);
  if (!isObject(parsed)) throw refuseWhole('The statement cannot be read');
  if (parsed['error'] === false) return parsed;
  if (parsed['error_type'] === 'parser') {
    throw new SqlRefusedError(
      `The statement has a syntax error: ${withoutLiterals(textOf(parsed, 'error_message'))}`,
    );
  }
  throw refuseWhole('This is not a query');
}

/** One object of the parse tree. JSON.parse makes every key an own property, so lookups of known keys are safe. */
type TreeNode = Readonly<Record<string, unknown>>;

interface Scope {
  readonly relations: readonly RelationName[];
  /** Names of the WITH clauses that hold here, lower-case. */
  readonly ctes: ReadonlySet<string>;
}

const expressionClasses = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'LAMBDA_REF',
  'OPERATOR',
  'POSITIONAL_REFERENCE',
  'STAR',
  'SUBQUERY',
  'WINDOW',
]);

const structureTypes = new Set([
  'BASE_TABLE',
  'COLUMN_DATA',
  'CTE',
  'CTE_NODE',
  'DISTINCT_MODIFIER',
  'EMPTY',
  'EXPRESSION_LIST',
  'JOIN',
  'LIMIT_MODIFIER',
  'LIMIT_PERCENT_MODIFIER',
  'ORDER_ASCENDING',
  'ORDER_DEFAULT',
  'ORDER_DESCENDING',
  'ORDER_MODIFIER',
  'ASCENDING',
  'DESCENDING',
  'PIVOT',
  'RECURSIVE_CTE_NODE',
  'SELECT_NODE',
  'SET_OPERATION_NODE',
  'SHOW_REF',
  'SUBQUERY',
  'TABLE_FUNCTION',
]);

function checkNode(value: unknown, outer: Scope): void {
  if (Array.isArray(value)) {
    for (const item of value) checkNode(item, outer);
    return;
  }
  if (!isObject(value)) return;
  checkKind(value);
  if (value['class'] === 'FUNCTION' || value['class'] === 'WINDOW') checkFunction(value, allowedFunctions);
  if (value['class'] === undefined) checkSource(value, outer);
  const scope = withCtes(value, outer);
  for (const [key, child] of Object.entries(value)) {
    if (key === 'cte_map') continue;
    if (value['type'] === 'TABLE_FUNCTION' && key === 'function' && isObject(child))
      checkNode(child['children'], scope);
    else if (value['class'] !== 'CONSTANT') checkNode(child, scope);
  }
}

/** Anything that the lists do not name is refused, so that a new construct of DuckDB's is not let through unseen. */
function checkKind(node: TreeNode): void {
  const kind = node['class'];
  if (typeof kind === 'string') {
    if (!expressionClasses.has(kind)) throw refuse(`The construct ${printable(kind)}`);
    return;
  }
  if (isVariant(node)) throw refuse('The type VARIANT');
  const type = node['type'];
  if (typeof type !== 'string' || structureTypes.has(type) || /_TYPE_INFO$/.test(type)) return;
  throw refuse(`The construct ${printable(type)}`);
}

/** A cast of nested JSON to VARIANT recurses without bound. A quoted name of a type is not resolved by the parser. */
function isVariant(node: TreeNode): boolean {
  return [textOf(node, 'id'), textOf(node, 'type') === 'UNBOUND_TYPE_INFO' ? textOf(node, 'name') : ''].some(
    (name) => name.toLowerCase() === 'variant',
  );
}

function checkSource(node: TreeNode, scope: Scope): void {
  if (node['type'] === 'BASE_TABLE') checkTable(node, scope);
  if (node['type'] === 'TABLE_FUNCTION') {
    const call = node['function'];
    if (!isObject(call)) throw refuse('A table function without a name');
    checkFunction(call, allowedTableFunctions);
  }
  if (node['type'] === 'SHOW_REF' && !isObject(node['query'])) throw refuse('SHOW (use list_tables)');
}

function checkFunction(call: TreeNode, allowed: ReadonlySet<string>): void {
  const name = textOf(call, 'function_name').toLowerCase();
  const schema = textOf(call, 'schema').toLowerCase();
  const catalog = textOf(call, 'catalog').toLowerCase();
  const qualified = (schema !== '' && schema !== 'main') || (catalog !== '' && catalog !== 'system');
  if (qualified || !allowed.has(name)) throw refuse(`The function ${printable(name)}`);
}

function checkTable(node: TreeNode, { relations, ctes }: Scope): void {
  const name = textOf(node, 'table_name').toLowerCase();
  const schema = textOf(node, 'schema_name').toLowerCase();
  const catalog = textOf(node, 'catalog_name').toLowerCase();
  if (isObject(node['at_clause'])) throw refuse('AT (a version of a table)');
  if (schema === '' && catalog === '' && ctes.has(name)) return;
  const known = relations.some(
    (relation) =>
      relation.name.toLowerCase() === name &&
      (catalog === '' || relation.database.toLowerCase() === catalog) &&
      (schema === '' ||
        relation.schema.toLowerCase() === schema ||
        (catalog === '' && relation.database.toLowerCase() === schema)),
  );
  if (!known) throw refuse(`The table ${printable(name)}, which is no table or view of this database,`);
}

/** Checks the WITH clauses of a query, each with those before it in sight, and gives the scope that they open. */
function withCtes(node: TreeNode, outer: Scope): Scope {
  const map = node['cte_map'];
  if (!isObject(map)) return outer;
  const ctes = new Set(outer.ctes);
  for (const entry of listOf(map, 'map')) {
    if (!isObject(entry)) throw refuse('A WITH clause without a name');
    const name = textOf(entry, 'key').toLowerCase();
    const recursive = isRecursive(entry['value']);
    checkNode(entry['value'], { ...outer, ctes: new Set(recursive ? [...ctes, name] : ctes) });
    ctes.add(name);
  }
  return { ...outer, ctes };
}

function isRecursive(value: unknown): boolean {
  const query = isObject(value) ? value['query'] : undefined;
  const node = isObject(query) ? query['node'] : undefined;
  return isObject(node) && node['type'] === 'RECURSIVE_CTE_NODE';
}

function listOf(node: TreeNode, key: string): readonly unknown[] {
  const value = node[key];
  return Array.isArray(value) ? value : [];
}

function textOf(node: TreeNode, key: string): string {
  const value = node[key];
  return typeof value === 'string' ? value : '';
}

/** Names are the caller's own words; shortened and without control characters they can be said back. */
function printable(text: string): string {
  return `'${text.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?').slice(0, 60)}'`;
}

const allowance =
  'one SELECT (or DESCRIBE, SUMMARIZE, EXPLAIN without ANALYZE) over the tables and views of this database, with ' +
  'functions that only compute';

function refuse(what: string): SqlRefusedError {
  return new SqlRefusedError(`${what} is not allowed. Allowed is ${allowance}`);
}

function refuseWhole(sentence: string): SqlRefusedError {
  return new SqlRefusedError(`${sentence}. Allowed is ${allowance}`);
}
