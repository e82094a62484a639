import { DuckDBInstance, type DuckDBPreparedStatement } from '@duckdb/node-api';
import Fastify from 'fastify';

/** The floor of page 12: a route that runs the same prepared statement and returns the same JSON-RPC bytes. */
const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const idle: DuckDBPreparedStatement[] = [];
for (let i = 0; i < 16; i++)
  idle.push(await (await instance.connect()).prepare("SELECT $x + 1 AS y, 'z' AS z, 'w' AS w"));
const waiting: ((statement: DuckDBPreparedStatement) => void)[] = [];

function lease(): DuckDBPreparedStatement | Promise<DuckDBPreparedStatement> {
  return idle.pop() ?? new Promise((resolve) => waiting.push(resolve));
}

function giveBack(statement: DuckDBPreparedStatement): void {
  const next = waiting.shift();
  if (next) next(statement);
  else idle.push(statement);
}

interface Call {
  readonly id: number;
  readonly params: { readonly arguments: { readonly x: number } };
}

const callId = '00000000-0000-4000-8000-000000000000';
const app = Fastify();
app.get('/healthz', () => 'ok');
app.post<{ Body: Call }>('/mcp', async ({ body }, reply) => {
  const statement = await lease();
  try {
    statement.bind({ x: BigInt(body.params.arguments.x) });
    const result = await statement.run();
    const chunk = await result.fetchChunk();
    const [y, z, w] = [
      Number(chunk?.getColumnValues(0)[0]),
      chunk?.getColumnValues(1)[0],
      chunk?.getColumnValues(2)[0],
    ];
    const content = [{ type: 'text', text: JSON.stringify({ y, z, w }) }];
    const answer = {
      result: { _meta: { call_id: callId }, content, structuredContent: { y, z, w } },
      jsonrpc: '2.0',
      id: body.id,
    };
    return await reply.header('content-type', 'application/json').send(JSON.stringify(answer));
  } finally {
    giveBack(statement);
  }
});
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' });
