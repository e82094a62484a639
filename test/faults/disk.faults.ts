import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { mxcp, recordsIn, serve, type Server, type Site } from '../e2e/program.js';
import { callTool } from './call-tool.js';
import { faultSite, planted } from './fault-site.js';
import { mountSmallDisk, type SmallDisk } from './small-disk.js';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Served {
  readonly disk: SmallDisk;
  readonly folder: string;
  readonly site: Site;
  readonly server: Server;
}

async function serveOnSmallDisk(settings = 'reserve: 1MiB'): Promise<Served> {
  const disk = mountSmallDisk(8);
  endings.push(disk.remove);
  const folder = join(disk.path, 'log');
  const site = faultSite({ audit: `path: '${folder}/calls.jsonl', ${settings}` });
  endings.push(site.remove);
  const server = await serve(site);
  endings.push(server.kill);
  return { disk, folder, site, server };
}

async function status(server: Server): Promise<number> {
  return (await fetch(new URL('/readyz', server.url))).status;
}

/** Nothing is answered, recorded or written, and everybody is told so. */
async function expectUnavailable(server: Server): Promise<void> {
  for (const tool of ['read', 'write', 'denied', 'absent']) {
    const { end, text } = await callTool(server.url, tool, { nonce: 'not-recorded' });
    expect(end, tool).toBe('AUDIT_UNAVAILABLE');
    expect(text).not.toContain(planted);
    expect(text).not.toMatch(/ENOSPC|EROFS|ENOENT|EACCES|calls\.jsonl/);
  }
  expect(await status(server)).toBe(503);
}

async function expectServing(server: Server, nonce: string): Promise<void> {
  for (const tool of ['read', 'write']) {
    const { end, text } = await callTool(server.url, tool, { nonce });
    expect(end, text).toBe('success');
    expect(text).toContain(planted);
  }
  expect((await callTool(server.url, 'denied', { nonce })).end).toBe('POLICY_DENIED');
  expect(await status(server)).toBe(200);
}

async function expectVerified(site: Site, server: Server): Promise<void> {
  expect(await server.stop()).toBe(0);
  const { code, stdout, stderr } = await mxcp(site, ['log', 'verify']);
  expect(code, stdout + stderr).toBe(0);
}

const nonceOf = (record: Record<string, unknown>): unknown =>
  (record['input_data'] as { nonce?: string }).nonce;

describe('a full disk', () => {
  it('fails calls instead of answering them unrecorded, and is forgotten when there is room', async () => {
    const { disk, folder, site, server } = await serveOnSmallDisk();
    await expectServing(server, 'before');
    disk.fill();
    // What still fits into the last block of the segment may be recorded; then nothing more.
    for (let i = 0; i < 50; i += 1) await callTool(server.url, 'read', { nonce: `last-${i}` });
    await expectUnavailable(server);
    disk.clear();
    await expectServing(server, 'after');
    const nonces = recordsIn(folder).map(nonceOf);
    expect(nonces).not.toContain('not-recorded');
    expect(nonces).toEqual(expect.arrayContaining(['before', 'after']));
    await expectVerified(site, server);
  });

  it('is answered by no call that is not on record, while it fills under load', async () => {
    const { disk, folder, site, server } = await serveOnSmallDisk();
    const answered: string[] = [];
    const caller = async (name: string): Promise<void> => {
      for (let i = 0; i < 60; i += 1) {
        const nonce = `${name}-${i}`;
        const { end } = await callTool(server.url, i % 2 === 0 ? 'read' : 'write', { nonce });
        if (end === 'success') answered.push(nonce);
        else expect(end).toBe('AUDIT_UNAVAILABLE');
      }
    };
    const load = Promise.all(Array.from({ length: 8 }, (_, i) => caller(`c${i}`)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    disk.fill();
    await load;
    disk.clear();
    await expectServing(server, 'after');
    const succeeded = new Set(
      recordsIn(folder)
        .filter((record) => record['operation_status'] === 'success')
        .map(nonceOf),
    );
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter((nonce) => !succeeded.has(nonce))).toEqual([]);
    await expectVerified(site, server);
  });

  it('has room for the outcome of a call that had started', async () => {
    const { disk, folder, site, server } = await serveOnSmallDisk();
    const slow = callTool(server.url, 'slow_write', { nonce: 'slow' });
    await expect.poll(() => recordsIn(folder).map(nonceOf), { timeout: 20_000 }).toContain('slow');
    disk.fill();
    expect((await slow).end).toBe('success');
    const statuses = recordsIn(folder)
      .filter((record) => nonceOf(record) === 'slow')
      .map((record) => record['operation_status']);
    expect(statuses).toEqual(['started', 'success']);
    disk.clear();
    await expectServing(server, 'after');
    await expectVerified(site, server);
  });

  it('keeps a server from starting', async () => {
    const disk = mountSmallDisk(8);
    endings.push(disk.remove);
    const site = faultSite({ audit: `path: '${disk.path}/log/calls.jsonl', reserve: 1MiB` });
    endings.push(site.remove);
    disk.fill();
    const { code, stdout, stderr } = await mxcp(site, ['serve', '--port', '0', '--json']);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('AUDIT_UNAVAILABLE');
  });
});

describe('the folder of the log', () => {
  it('removed: calls fail until it is there again', async () => {
    const { folder, server } = await serveOnSmallDisk();
    await expectServing(server, 'before');
    rmSync(folder, { recursive: true });
    await expectUnavailable(server);
    mkdirSync(folder, { mode: 0o700 });
    await expectServing(server, 'after');
    expect(recordsIn(folder).map(nonceOf)).toContain('after');
    expect(await server.stop()).toBe(0);
  });

  it('moved away: no record goes where nobody looks for it', async () => {
    const { folder, server } = await serveOnSmallDisk();
    await expectServing(server, 'before');
    renameSync(folder, `${folder}.moved`);
    const { end } = await callTool(server.url, 'read', { nonce: 'meanwhile' });
    const recorded = recordsIn(`${folder}.moved`).map(nonceOf).includes('meanwhile');
    expect(end === 'success' ? recorded : end).toBe(end === 'success' ? true : 'AUDIT_UNAVAILABLE');
  });

  it('on a file system that is read-only: nothing starts', async () => {
    const disk = mountSmallDisk(8);
    endings.push(disk.remove);
    const site = faultSite({ audit: `path: '${disk.path}/log/calls.jsonl', reserve: 1MiB` });
    endings.push(site.remove);
    disk.remount('ro');
    const { code, stdout, stderr } = await mxcp(site, ['serve', '--port', '0', '--json']);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('AUDIT_UNAVAILABLE');
    disk.remount('rw');
    const server = await serve(site);
    endings.push(server.kill);
    await expectServing(server, 'after');
  });

  it('made read-only while serving: what can be recorded is answered, and nothing else', async () => {
    // Root writes where nobody may, so the server is somebody else. Small segments need the folder soon.
    const disk = mountSmallDisk(8);
    endings.push(disk.remove);
    const folder = join(disk.path, 'log');
    const site = faultSite({ audit: `path: '${folder}/calls.jsonl', reserve: 1MiB, max_file_size: 8KiB` });
    endings.push(site.remove);
    const nobody = 65_534;
    for (const path of [site.base, join(site.base, 'home'), site.root, folder])
      chownSync(path, nobody, nobody);
    const server = await serve(site, [], { uid: nobody });
    endings.push(server.kill);
    await expectServing(server, 'before');
    chmodSync(folder, 0o500);
    const answered: string[] = [];
    for (let i = 0; i < 40; i += 1) {
      const { end } = await callTool(server.url, 'read', { nonce: `n-${i}` });
      if (end === 'success') answered.push(`n-${i}`);
      else expect(end).toBe('AUDIT_UNAVAILABLE');
    }
    const recorded = recordsIn(folder).map(nonceOf);
    expect(answered.length).toBeLessThan(40);
    expect(answered.filter((nonce) => !recorded.includes(nonce))).toEqual([]);
    await expectUnavailable(server);
    chmodSync(folder, 0o700);
    await expectServing(server, 'after');
  });
});

describe('a flood of refused strangers', () => {
  it('does not fill the log, and delays nobody else', async () => {
    const { folder, site, server } = await serveOnSmallDisk();
    const flood = async (lane: number): Promise<void> => {
      for (let i = 0; i < 250; i += 1) {
        const answer = await fetch(server.url, {
          method: 'POST',
          headers: { authorization: `Bearer ${lane}-${i}`, 'content-type': 'application/json' },
          body: '{}',
        });
        expect(answer.status).toBe(401);
        await answer.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, lane) => flood(lane)));
    await expectServing(server, 'after');
    expect(await server.stop()).toBe(0);
    const refusals = recordsIn(folder).filter((record) => record['operation_type'] === 'auth');
    const counted = refusals.map(
      (record) => (record['input_data'] as { count?: number } | undefined)?.count ?? 1,
    );
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(4000);
    expect(refusals.length).toBeLessThan(200);
    const bytes = readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
    expect(bytes).toBeLessThan(400_000);
    expect(server.said.stderr.length).toBeLessThan(400_000);
    const { code } = await mxcp(site, ['log', 'verify']);
    expect(code).toBe(0);
  });
});

/** Each commit is followed by a checkpoint, whose failure DuckDB calls fatal. */
const eagerCheckpoints = "SET checkpoint_threshold = '1KB'";

describe('a database that fails for good', () => {
  it('takes no more calls, says so, the server is not ready, and what it acknowledged is there', async () => {
    const disk = mountSmallDisk(8);
    endings.push(disk.remove);
    const site = faultSite({ database: join(disk.path, 'log', 'data.duckdb'), init: eagerCheckpoints });
    endings.push(site.remove);
    const server = await serve(site);
    endings.push(server.kill);
    await expectServing(server, 'before');
    const room = join(disk.path, 'room');
    writeFileSync(room, Buffer.alloc(65_536));
    disk.fill();
    rmSync(room); // enough for the write-ahead log, not for a checkpoint
    let written = 1;
    while ((await status(server)) === 200 && written < 20) {
      expect((await callTool(server.url, 'write', { nonce: `n${written}` })).end).toBe('success');
      written += 1;
    }
    disk.clear();
    const { end, text } = await callTool(server.url, 'read', { nonce: 'after' });
    expect(end).toBe('EXECUTE_DATABASE_UNAVAILABLE');
    expect(text).not.toContain('No space');
    expect(await status(server)).toBe(503);
    await server.stop();
    const { stdout } = await mxcp(site, ['query', 'SELECT count(*) AS n FROM written', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ result: [{ n: written }] });
  });
});
