import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childrenOf, lives, startLoopingServer, type LoopingServer } from './looping-server.js';

let folder: string;
let server: LoopingServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mxcp-watchdog-'));
  server = await startLoopingServer(folder);
});

afterEach(() => {
  for (const pid of [server.process.pid ?? 0, ...server.workers].filter(lives)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const living = (): number[] => server.workers.filter(lives);

// What is asked of /proc is Linux's; the watchdog is POSIX's.
describe.skipIf(process.platform !== 'linux')('workers that loop', () => {
  it('die with a server that is killed', async () => {
    expect(living()).toHaveLength(2);
    await server.kill();
    await expect.poll(living, { timeout: 10_000 }).toEqual([]);
  });

  it('die when the whole group of the server is killed', async () => {
    process.kill(-(server.process.pid ?? 0), 'SIGKILL');
    await once(server.process, 'exit');
    await expect.poll(living, { timeout: 10_000 }).toEqual([]);
  });

  it("do not get a terminal's Ctrl-C, which is the server's, and still die with it", async () => {
    process.kill(-(server.process.pid ?? 0), 'SIGINT');
    await expect.poll(server.said).toContain('interrupted');
    expect(living()).toHaveLength(2);
    await server.kill();
    await expect.poll(living, { timeout: 10_000 }).toEqual([]);
  });

  it('leave nothing behind when they are closed: no worker, and nobody who watches them', async () => {
    const pid = server.process.pid ?? 0;
    const names = childrenOf(pid);
    expect(names.filter((name) => name !== 'sh')).toHaveLength(2); // `node`, or what Node calls its main thread
    expect(names).toContain('sh');
    server.process.kill('SIGTERM');
    await expect.poll(server.said, { timeout: 10_000 }).toContain('closed');
    await expect.poll(() => childrenOf(pid), { timeout: 10_000 }).toEqual([]);
    expect(living()).toEqual([]);
  });
});
