import { inTurn, type Row, perSecond, millis } from '../measure.js';
import { loadFrom, serveFloor, serveSite, writeSite, type Served } from '../processes.js';

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
  return: {type: object, properties: {y: {type: integer}}}
  source: {code: SELECT $x + 1 AS y}
`;
const ruled = `${plain}  policies:
    input:
      - {condition: "user.role == 'banned'", action: deny}
      - {condition: "'blocked' in user.groups", action: deny}
      - {condition: "x > 1000 && user.role != 'admin'", action: deny}
    output:
      - {condition: "user.role != 'hr'", action: mask_fields, fields: [z]}
      - {condition: "user.role != 'hr'", action: filter_fields, fields: [w]}
`;

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'one', arguments: { x: 41 } },
});

async function compare(
  name: string,
  ours: Served,
  floor: Served,
  ms: number,
  target: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const connections of [1, 16, 64]) {
    const p50: number[] = [];
    const rate = async (served: Served): Promise<number> => {
      const load = await loadFrom(served.url, connections, ms, body);
      p50.push(load.p50);
      return load.rate;
    };
    await rate(ours);
    await rate(floor);
    p50.length = 0;
    const measured = await inTurn(
      3,
      () => rate(ours),
      () => rate(floor),
    );
    rows.push({
      case: `${name}, ${connections} connections`,
      ours: `${perSecond(measured.ours)}, p50 ${millis(p50[2] ?? NaN)}`,
      floor: `${perSecond(measured.floor)}, p50 ${millis(p50[3] ?? NaN)}`,
      ratio: measured.ours / measured.floor,
      target,
    });
  }
  return rows;
}

/** A trivial SQL tool over HTTP against a bare route; then the same with rules and the audit log against itself without. */
export async function httpCases(ms: number): Promise<Row[]> {
  const floor = await serveFloor(new URL('../floor-server.ts', import.meta.url));
  const bare = await serveSite(
    writeSite({ 'mxcp-site.yml': site.replace('AUDIT', 'false'), 'tools/one.yml': plain }),
  );
  const full = await serveSite(
    writeSite({ 'mxcp-site.yml': site.replace('AUDIT', 'true'), 'tools/one.yml': ruled }),
  );
  try {
    return [
      ...(await compare('SQL tool over HTTP / Fastify route', bare, floor, ms, '≥ 0.6')),
      ...(await compare('3 input, 2 output rules, audit / without', full, bare, ms, '≥ 0.8')),
    ];
  } finally {
    await Promise.all([floor, bare, full].map((served) => served.close()));
  }
}
