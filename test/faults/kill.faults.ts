import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mxcp, serve, type Site } from '../e2e/program.js';
import { callTool } from './call-tool.js';
import { faultSite } from './fault-site.js';

const kills = Number(process.env['MXCP_TEST_KILLS'] ?? 50);
const callers = 32;
const tools = ['write', 'read', 'write', 'denied'] as const;

interface Acknowledged {
  readonly tool: string;
  readonly nonce: string;
  readonly callId: string;
}

let site: Site;
const acknowledged: Acknowledged[] = [];

/** One caller, who calls until the server is gone. */
async function caller(url: string, name: string, killed: () => boolean): Promise<void> {
  for (let i = 0; !killed(); i += 1) {
    const tool = tools[i % tools.length] ?? 'read';
    const nonce = `${name}-${i}`;
    const called = await callTool(url, tool, { nonce }).catch(() => undefined);
    if (called === undefined) return;
    expect(called.end).toBe(tool === 'denied' ? 'POLICY_DENIED' : 'success');
    if (called.callId === undefined) throw new Error(`An answer without a call id: ${called.text}`);
    acknowledged.push({ tool, nonce, callId: called.callId });
  }
}

async function killOnce(round: number): Promise<void> {
  const server = await serve(site);
  let killed = false;
  const all = Array.from({ length: callers }, (_, i) => caller(server.url, `${round}-${i}`, () => killed));
  const moment = 50 + Math.random() * 750;
  await new Promise((resolve) => setTimeout(resolve, moment));
  await server.kill();
  killed = true;
  await Promise.all(all);
}

async function writtenRows(): Promise<string[]> {
  const instance = await DuckDBInstance.create(join(site.base, 'data.duckdb'));
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll('SELECT nonce FROM written')).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows.map(([nonce]) => String(nonce));
}

interface CallRecords {
  readonly nonce: string | undefined;
  readonly statuses: readonly string[];
}

function recordsByCall(): Map<string, CallRecords> {
  const byCall = new Map<string, CallRecords>();
  for (const record of site.records()) {
    const callId = record['call_id'];
    if (typeof callId !== 'string') continue;
    const input = record['input_data'] as { nonce?: string } | undefined;
    const before = byCall.get(callId);
    byCall.set(callId, {
      nonce: before?.nonce ?? input?.nonce,
      statuses: [...(before?.statuses ?? []), String(record['operation_status'])],
    });
  }
  return byCall;
}

describe(`a server that is killed ${kills} times under ${callers} concurrent callers`, () => {
  beforeAll(async () => {
    site = faultSite({ database: '../data.duckdb', audit: 'reserve: 1MiB' });
    for (let round = 0; round < kills; round += 1) await killOnce(round);
  }, 600_000);
  afterAll(() => {
    rmSync(join(site.base, 'data.duckdb'), { force: true });
    site.remove();
  });

  it('has a record of every call that it acknowledged', () => {
    const byCall = recordsByCall();
    expect(acknowledged.length).toBeGreaterThan(kills * 5);
    const missing = acknowledged.filter(({ tool, callId }) => {
      const statuses = byCall.get(callId)?.statuses ?? [];
      return !statuses.includes(tool === 'denied' ? 'error' : 'success');
    });
    expect(missing).toEqual([]);
  });

  it('wrote exactly what is on record: outcomes, and intents whose outcome the kill prevented', async () => {
    const rows = await writtenRows();
    const writing = [...recordsByCall().values()].filter(({ statuses }) => statuses.includes('started'));
    const nonces = (all: CallRecords[]) => all.map(({ nonce }) => String(nonce));
    const succeeded = nonces(writing.filter(({ statuses }) => statuses.includes('success')));
    const open = new Set(nonces(writing.filter(({ statuses }) => statuses.length === 1)));
    const present = new Set(rows);
    expect(present.size, 'no row twice').toBe(rows.length);
    expect(succeeded.filter((nonce) => !present.has(nonce))).toEqual([]);
    const known = new Set([...succeeded, ...open]);
    expect(
      rows.filter((nonce) => !known.has(nonce)),
      'no row without an intent',
    ).toEqual([]);
    const finished = rows.filter((nonce) => open.has(nonce)).length;
    expect(rows.length).toBe(succeeded.length + finished);
  });

  it('left segments that all verify, and names the calls without an outcome', async () => {
    const { code, stdout } = await mxcp(site, ['log', 'verify', '--json']);
    const { result } = JSON.parse(stdout) as {
      result: { answer: string; segments: number; running: number; findings: { kind: string }[] };
    };
    const open = [...recordsByCall().values()].filter(
      ({ statuses }) => statuses.length === 1 && statuses[0] === 'started',
    );
    expect(result.segments).toBeGreaterThanOrEqual(kills);
    expect(result.findings.filter(({ kind }) => kind !== 'missing-outcome')).toEqual([]);
    expect(result.running + result.findings.length).toBe(open.length);
    expect(code).toBe(result.findings.length === 0 ? 0 : 4);
  });
});
