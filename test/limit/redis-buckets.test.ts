import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRedisBuckets } from '../../src/limit/redis-buckets.js';

const program = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(existsSync);
const charge = (key: string, burst: number) => ({ key, rate: { perMinute: 6, burst } });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function open(port: number, prefix = 'site:', login = '') {
  const warnings: unknown[] = [];
  const url = `redis://${login}127.0.0.1:${port}`;
  return {
    buckets: await openRedisBuckets({
      url,
      prefix,
      warn: (error) => warnings.push(error),
      note: () => undefined,
    }),
    warnings,
  };
}

describe.skipIf(program === undefined)('buckets in Redis', () => {
  let server: ChildProcess;
  let port: number;
  const folder = mkdtempSync(join(tmpdir(), 'mxcp-redis-'));

  beforeAll(async () => {
    port = await freePort();
    server = spawn(program ?? '', [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      folder,
    ]);
    for await (const chunk of server.stdout ?? [])
      if (String(chunk).includes('Ready to accept connections')) break;
  });

  afterAll(async () => {
    server.kill();
    if (server.exitCode === null) await once(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });

  it('are shared by replicas, and taken from together or not at all', async () => {
    const [one, two] = [await open(port), await open(port)];
    const charges = [charge('all', 100), charge('ada', 3)];
    const results = [];
    for (const { buckets } of [one, two, one, two, two, one]) results.push(await buckets.take(charges));
    expect(results.map(({ granted }) => granted)).toEqual([true, true, true, false, false, false]);
    expect(results.at(-1)).toMatchObject({ state: { limit: 3, remaining: 0 } });
    expect((await one.buckets.take([charge('all', 100)])).state.remaining).toBe(96);
    const other = await open(port, 'other site:');
    expect((await other.buckets.take([charge('ada', 3)])).granted).toBe(true);
    for (const { buckets } of [one, two, other]) await buckets.close();
  });

  it('say why the server is of no use without the password, and without whom a call was of', async () => {
    const refused = await open(port, 'site:', 'nobody:planted-password@');
    expect((await refused.buckets.take([charge('per_user corp|ada', 3)])).granted).toBe(true);
    expect(String(refused.warnings[0])).toContain('WRONGPASS');
    expect(inspect(refused.warnings, { depth: 10 })).not.toMatch(/planted|corp/);
    await refused.buckets.close();
  });

  it('are those of this process while the server hangs, which is said once each time', async () => {
    const [{ buckets, warnings }, witness] = [await open(port), await open(port)];
    for (const times of [1, 2]) {
      server.kill('SIGSTOP');
      try {
        const results = [];
        for (let n = 0; n < 4; n += 1) results.push(await buckets.take([charge(`bob ${times}`, 3)]));
        expect(results.map(({ granted }) => granted)).toEqual([true, true, true, false]);
        expect(warnings).toHaveLength(times);
      } finally {
        server.kill('SIGCONT');
      }
      let poll = 0;
      const isShared = async (): Promise<void> => {
        const again = charge(`again ${times} ${(poll += 1)}`, 3);
        await buckets.take([again]);
        expect((await witness.buckets.take([again])).state.remaining).toBe(1);
      };
      await vi.waitFor(isShared, { timeout: 30_000, interval: 20 });
    }
    for (const opened of [buckets, witness.buckets]) await opened.close();
  });
});

describe('without a server', () => {
  it('each process limits by its own memory, and says so', async () => {
    const { buckets, warnings } = await open(await freePort());
    const results = [];
    for (let index = 0; index < 4; index += 1) results.push(await buckets.take([charge('ada', 3)]));
    expect(results.map(({ granted }) => granted)).toEqual([true, true, true, false]);
    expect(warnings.length).toBeGreaterThan(0);
    await buckets.close();
  });
});
