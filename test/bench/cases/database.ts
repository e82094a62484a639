import { DuckDBInstance, type DuckDBConnection, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { call } from '../../../src/engine/pipeline.js';
import { inTurn, perSecond, throughput, type Row } from '../measure.js';
import { openBenchSite, wish } from '../open-bench-site.js';

const people =
  "CREATE TABLE people AS SELECT i::INTEGER AS id, 'n' || i AS name, i % 97 AS team, i * 1.5 AS score FROM range(100000) t(i)";
const wide = `SELECT i AS id, 'name ' || i AS name, i * 2 AS a, i * 1.5 AS b, i % 2 = 0 AS c, DATE '2024-01-01' + i::INTEGER AS d, 'x' || i AS e, i % 7 AS f FROM range(100) t(i)`;
const lookup = 'SELECT id, name, team, score FROM people WHERE id = $id';

const site = {
  'mxcp-site.yml': `mxcp: 1
project: bench
profile: default
profiles: {default: {duckdb: {path: ":memory:", threads: 1, init: "${people}"}, audit: {enabled: false}}}
`,
  'tools/lookup.yml': `mxcp: 1
tool: {name: lookup, annotations: {readOnlyHint: true}, parameters: [{name: id, type: integer}], return: {type: object}, source: {code: "${lookup}"}}
`,
  'tools/wide.yml': `mxcp: 1
tool: {name: wide, annotations: {readOnlyHint: true}, return: {type: array}, source: {code: "${wide}"}}
`,
};

/** DuckDB's client alone: the same statements prepared once per connection, the same number of connections. */
async function openFloor(sql: string): Promise<(args: Record<string, bigint>) => Promise<unknown>> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const first: DuckDBConnection = await instance.connect();
  await first.run(people);
  const idle: DuckDBPreparedStatement[] = [];
  for (let i = 0; i < 16; i++) idle.push(await (await instance.connect()).prepare(sql));
  return async (args) => {
    const statement = idle.pop();
    if (statement === undefined) throw new Error('More calls at once than connections');
    statement.bind(args);
    const rows = await (await statement.run()).getRowObjectsJson();
    idle.push(statement);
    return rows;
  };
}

/** Calls in process, the whole pipeline but the transport, against DuckDB's client alone. */
export async function databaseCases(ms: number): Promise<Row[]> {
  const runtime = await openBenchSite(site);
  const rows: Row[] = [];
  const cases = [
    ['point lookup in 100,000 rows', 'lookup', lookup, { id: 4711 }, { id: 4711n }],
    ['100 rows with 8 columns', 'wide', wide, {}, {}],
  ] as const;
  for (const [title, name, sql, args, bound] of cases) {
    const floor = await openFloor(sql);
    for (const width of [1, 16]) {
      const request = wish(runtime, name, args);
      const measured = await inTurn(
        3,
        () => throughput(width, ms, () => call(runtime, request)),
        () => throughput(width, ms, () => floor(bound)),
      );
      rows.push({
        case: `${title}, ${width} at once / DuckDB client`,
        ours: perSecond(measured.ours),
        floor: perSecond(measured.floor),
        ratio: measured.ours / measured.floor,
        target: '≥ 0.7',
      });
    }
  }
  await runtime.close();
  return rows;
}
