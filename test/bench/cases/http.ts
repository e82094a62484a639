import { median, type Row, perSecond, millis } from '../measure.js';
import { cpuMs, loadFrom, serveFloor, serveSite, writeSite, type Served } from '../processes.js';

const site = `mxcp: 1
project: bench
profile: default
profiles: {default: {duckdb: {path: ":memory:", threads: 1}, audit: {enabled: AUDIT}}}
`;
const plain = `mxcp: 1
tool:
  name: one
  annotations: {readOnlyHint: true}
  parameters: [{name: x, type: integer}]
  return: {type: object, properties: {y: {type: integer}, z: {type: string}, w: {type: string}}}
  source: {code: SELECT $x + 1 AS y}
`;
const withRules = `${plain}  policies:
    input:
      - {condition: "user.role == 'banned'", action: deny}
      - {condition: "'blocked' in user.groups", action: deny}
      - {condition: "x > 1000 && user.role != 'admin'", action: deny}
    output:
      - {condition: "user.role != 'hr'", action: mask_fields, fields: [z]}
      - {condition: "user.role != 'hr'", action: filter_fields, fields: [w]}
`;

/** Counted rounds of each case. */
const rounds = 3;

/** A call of the tool. */
export const callBody = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'one', arguments: { x: 41 } },
});

/** The files of a site with one trivial tool. */
export function siteWith({
  audit,
  ruled,
}: {
  readonly audit: boolean;
  readonly ruled: boolean;
}): Record<string, string> {
  return {
    'mxcp-site.yml': site.replace('AUDIT', String(audit)),
    'tools/one.yml': ruled ? withRules : plain,
  };
}

interface Sample {
  readonly rate: number;
  readonly p50: number;
  /** Processor time of the server, microseconds a call. */
  readonly cpu: number;
}

async function sample(served: Served, connections: number, ms: number): Promise<Sample> {
  const before = cpuMs(served.pid);
  const load = await loadFrom(served.url, connections, ms, callBody);
  return { rate: load.rate, p50: load.p50, cpu: ((cpuMs(served.pid) - before) * 1000) / load.calls };
}

function middle(samples: readonly Sample[]): Sample {
  const of = (field: keyof Sample): number => median(samples.map((one) => one[field]));
  return { rate: of('rate'), p50: of('p50'), cpu: of('cpu') };
}

const describe = ({ rate, p50, cpu }: Sample): string =>
  `${perSecond(rate)}, p50 ${millis(p50)}, CPU ${cpu.toFixed(0)} µs`;

async function compare(
  name: string,
  ours: Served,
  floor: Served,
  ms: number,
  target: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  // One connection calls too seldom to have the engine compile what it will run in any server that is up for a minute.
  for (const served of [ours, floor]) await loadFrom(served.url, 16, 2 * ms, callBody);
  for (const connections of [1, 16, 64]) {
    const samples: { readonly ours: Sample[]; readonly floor: Sample[] } = { ours: [], floor: [] };
    for (let round = 0; round <= rounds; round++) {
      const pair = [await sample(ours, connections, ms), await sample(floor, connections, ms)] as const;
      if (round === 0) continue; // warming up
      samples.ours.push(pair[0]);
      samples.floor.push(pair[1]);
    }
    const [us, them] = [middle(samples.ours), middle(samples.floor)];
    rows.push({
      case: `${name}, ${connections} connections (CPU ratio ${(them.cpu / us.cpu).toFixed(2)})`,
      ours: describe(us),
      floor: describe(them),
      ratio: us.rate / them.rate,
      target,
    });
  }
  return rows;
}

/** A trivial SQL tool over HTTP against a bare route; then the same with rules and the audit log against itself without. */
export async function httpCases(ms: number): Promise<Row[]> {
  const floor = await serveFloor(new URL('../floor-server.ts', import.meta.url));
  const bare = await serveSite(writeSite(siteWith({ audit: false, ruled: false })));
  const full = await serveSite(writeSite(siteWith({ audit: true, ruled: true })));
  try {
    return [
      ...(await compare('SQL tool over HTTP / Fastify route', bare, floor, ms, '≥ 0.6')),
      ...(await compare('3 input, 2 output rules, audit / without', full, bare, ms, '≥ 0.8')),
    ];
  } finally {
    await Promise.all([floor, bare, full].map((served) => served.close()));
  }
}
