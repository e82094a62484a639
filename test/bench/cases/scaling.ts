import { inTurn, median, millis, perSecond, type Row } from '../measure.js';
import { loadFrom, serveSite, writeSite } from '../processes.js';
import { readFileSync } from 'node:fs';

const tool = (index: number): string => `mxcp: 1
tool:
  name: tool_${index}
  description: Generated tool ${index}
  annotations: {readOnlyHint: true}
  parameters: [{name: x, type: integer, description: A number}]
  return: {type: object, properties: {y: {type: integer}, z: {type: string, sensitive: true}}}
  source: {code: "SELECT $x + ${index} AS y, 'secret' AS z"}
  policies:
    input: [{condition: "user.role == 'banned'", action: deny}]
    output: [{condition: "user.role != 'hr'", action: mask_sensitive_fields}]
`;

function site(count: number): Record<string, string> {
  const files: Record<string, string> = {
    'mxcp-site.yml': `mxcp: 1
project: bench
profile: default
profiles: {default: {duckdb: {path: ":memory:", threads: 1}}}
`,
  };
  for (let i = 0; i < count; i++) files[`tools/tool-${i}.yml`] = tool(i);
  return files;
}

const message = (method: string, params: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

async function listMs(url: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
      },
      body: message('tools/list', {}),
    });
    await answer.arrayBuffer();
    times.push(performance.now() - start);
  }
  return median(times);
}

function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

/** Start, memory, list and call with 10, 100, 300, 1,000 and 10,000 endpoints; calls in turn with those of a site of 10. */
export async function scalingCases(ms: number): Promise<Row[]> {
  const rows: Row[] = [];
  const body = message('tools/call', { name: 'tool_7', arguments: { x: 1 } });
  const callsOf = async (url: string): Promise<number> => (await loadFrom(url, 16, ms / 3, body)).rate;
  const smallest = await serveSite(writeSite(site(10)));
  await loadFrom(smallest.url, 16, 3 * ms, body);
  for (const count of [10, 100, 300, 1000, 10_000]) {
    const served = await serveSite(writeSite(site(count)));
    await loadFrom(served.url, 16, 3 * ms, body);
    const { ours, floor } = await inTurn(
      5,
      () => callsOf(served.url),
      () => callsOf(smallest.url),
    );
    const list = await listMs(served.url);
    rows.push({
      case: `${count.toLocaleString('en')} endpoints: start ${millis(served.startMs)}, ${residentMb(served.pid).toFixed(0)} MB, tools/list ${millis(list)}`,
      ours: perSecond(ours),
      floor: perSecond(floor),
      ratio: ours / floor,
      target: 'call ≥ 0.9; start ≤ 3 s at 1,000, ≤ 30 s at 10,000, ≤ 2 s at 300',
    });
    await served.close();
  }
  await smallest.close();
  return rows;
}
