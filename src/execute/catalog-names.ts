import type { DuckDBConnection } from '@duckdb/node-api';
import { queryTexts } from './query-rows.js';
import { lexSql, type SqlToken } from './lex-sql.js';

interface Definition {
  readonly name: string;
  readonly isView: boolean;
  readonly tokens: readonly SqlToken[];
}

/** Macros and views of the database with their texts: what a name in a body may stand for. */
export async function readDefinitions(connection: DuckDBConnection): Promise<readonly Definition[]> {
  const rows = await queryTexts(
    connection,
    `SELECT view_name, sql, 'view' FROM duckdb_views() WHERE NOT internal
     UNION ALL
     SELECT function_name, macro_definition, 'macro' FROM duckdb_functions()
     WHERE macro_definition IS NOT NULL AND NOT internal`,
  );
  return rows.map(([name = '', sql = '', kind]) => ({
    name: name.toLowerCase(),
    isView: kind === 'view',
    tokens: lexSql(sql),
  }));
}

/** Everything that reaches a function that `isWanted` accepts, directly or through macros and views. */
export function reachingNames(
  definitions: readonly Definition[],
  isWanted: (functionName: string) => boolean,
): (tokens: readonly SqlToken[]) => readonly SqlToken[] {
  const functions = new Set<string>();
  const relations = new Set<string>();
  const find = (tokens: readonly SqlToken[]): SqlToken[] =>
    tokens.filter((token, index) => {
      if (token.kind !== 'word' && token.kind !== 'quoted') return false;
      const name = token.text.toLowerCase();
      const called = tokens[index + 1]?.text === '(' && tokens[index + 1]?.kind === 'symbol';
      return called ? isWanted(name) || functions.has(name) : relations.has(name);
    });
  for (let grew = true; grew;) {
    grew = false;
    for (const { name, isView, tokens } of definitions) {
      const into = isView ? relations : functions;
      if (into.has(name) || find(tokens).length === 0) continue;
      into.add(name);
      grew = true;
    }
  }
  return find;
}
