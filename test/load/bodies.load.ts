import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type Server, type Site, writeSite } from '../e2e/program.js';
import { callTool } from '../faults/call-tool.js';

/** What bodies do that others must not notice, and how each ends. */
const hostile = {
  loops: ['for (;;);', 'EXECUTE_TIMEOUT'],
  allocates: ['const kept: unknown[] = []; for (;;) kept.push({ a: [1, 2, 3] });', 'EXECUTE_WORKER_LOST'],
  buffers: ['const kept = []; for (;;) kept.push(Buffer.alloc(8_000_000, 1));', 'EXECUTE_WORKER_LOST'],
  exits: ['process.exit(1);', 'EXECUTE_WORKER_LOST'],
  aborts: ['process.abort();', 'EXECUTE_WORKER_LOST'],
  crashes: ["process.kill(process.pid, 'SIGSEGV');", 'EXECUTE_WORKER_LOST'],
  descriptors: [
    "for (let i = 0; i < 100_000; i++) net.connect(9, '127.0.0.1').on('error', () => undefined); return 1;",
    undefined,
  ],
  huge: ["return Array.from({ length: 1000 }, () => 'x'.repeat(1_000_000));", 'EXECUTE_LIMIT_EXCEEDED'],
  // By its deadline, or with its worker because it reads no answers: whichever comes first.
  chatters: [
    "for (;;) { console.log('x'.repeat(10_000)); ctx.progress(1); ctx.log.info('x'); }",
    ['EXECUTE_TIMEOUT', 'EXECUTE_WORKER_LOST'],
  ],
} as const satisfies Readonly<Record<string, readonly [string, string | readonly string[] | undefined]>>;

const names = Object.keys(hostile) as (keyof typeof hostile)[];

const tool = (name: string, file: string, more = ''): string =>
  `mxcp: 1
tool:
  name: ${name}
  annotations: {readOnlyHint: true}
  source: {file: ../typescript/${file}.ts}
${more}`;

const files = {
  'mxcp-site.yml': `mxcp: 1
project: noise
profile: default
profiles: {default: {duckdb: {path: ':memory:'}, audit: {reserve: 1MiB}}}
bodies: {memory: 128MiB}
limits: {workers: 8, rate: {global: off, per_user: off, per_client: off}}
`,
  'tools/sql.yml':
    'mxcp: 1\ntool: {name: sql, annotations: {readOnlyHint: true}, source: {code: SELECT 1 AS one}}\n',
  'tools/decent.yml': tool('decent', 'decent'),
  'typescript/decent.ts':
    "export const decent = (_: unknown, ctx: any) => ctx.db.query('SELECT 1 AS one');\n",
  ...Object.fromEntries(
    names.map((name) => [`tools/${name}.yml`, tool(name, 'hostile', '  limits: {timeout: 1s}\n')]),
  ),
  'typescript/hostile.ts': `import net from 'node:net';\n${names
    .map((name) => `export function ${name}(_: unknown, ctx: any): unknown { ${hostile[name][0]} }\n`)
    .join('')}void net;\n`,
};

const callers = 32;
const noisy = 3;

let site: Site;
let server: Server;

beforeAll(async () => {
  site = writeSite(files);
  server = await serve(site);
});

afterAll(async () => {
  await server.kill();
  site.remove();
});

interface Seen {
  readonly p99: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
}

/** Callers of the other tools, for some time; three in four of them call SQL. */
async function watch(ms: number): Promise<Seen> {
  const times: Record<string, number[]> = { sql: [], decent: [] };
  const errors: string[] = [];
  const until = performance.now() + ms;
  const caller = async (index: number): Promise<void> => {
    const name = index % 4 === 0 ? 'decent' : 'sql';
    while (performance.now() < until) {
      const before = performance.now();
      const { end } = await callTool(server.url, name, {});
      times[name]?.push(performance.now() - before);
      if (end !== 'success') errors.push(`${name}: ${end}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)));
  return { p99: Object.fromEntries(Object.entries(times).map(([name, all]) => [name, p99(all)])), errors };
}

/** Keeps hostile bodies running until it is told to stop; resolves with how each ended. */
function disturb(): { readonly stop: () => Promise<Map<string, Set<string>>> } {
  const ends = new Map<string, Set<string>>();
  let going = true;
  const lane = async (from: number): Promise<void> => {
    for (let i = from; going; i += 1) {
      const name = names[i % names.length] ?? 'loops';
      const { end } = await callTool(server.url, name, {});
      ends.set(name, (ends.get(name) ?? new Set()).add(end));
    }
  };
  const lanes = Promise.all(Array.from({ length: noisy }, (_, index) => lane(index * 3)));
  return {
    stop: async () => {
      going = false;
      await lanes;
      return ends;
    },
  };
}

describe('hostile bodies', () => {
  it.each(names)('each ends its own call only: %s', async (name) => {
    const { end } = await callTool(server.url, name, {});
    const wanted = hostile[name][1];
    if (wanted !== undefined) expect([wanted].flat()).toContain(end);
    expect((await callTool(server.url, 'decent', {})).end).toBe('success');
  });

  it(`are not noticed by ${callers} callers of other tools: no error, no p99 above three times their own`, async () => {
    await watch(1500);
    const ratios: Record<string, number>[] = [];
    for (let round = 0; round < 3; round += 1) {
      const alone = await watch(3000);
      const noise = disturb();
      const beside = await watch(6000);
      const ends = await noise.stop();
      expect(ends.size).toBeGreaterThan(names.length / 2);
      expect([...alone.errors, ...beside.errors]).toEqual([]);
      ratios.push(
        Object.fromEntries(
          Object.entries(beside.p99).map(([name, value]) => [name, value / (alone.p99[name] ?? NaN)]),
        ),
      );
    }
    // The best of three rounds: what else the machine does is not what is measured.
    for (const name of ['sql', 'decent'])
      expect(Math.min(...ratios.map((each) => each[name] ?? NaN)), JSON.stringify(ratios)).toBeLessThan(3);
  });
});
