import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A Redis of its own on loopback. */
export interface RedisServer {
  readonly url: string;
  /** Stops and continues the process, as a network that swallows everything would look. */
  freeze(): void;
  thaw(): void;
  /** Ends it; `start` with the same port and folder brings its data back. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  cli(): Redis;
}

const runs = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

function ensureInstalled(): void {
  if (runs('redis-server')) return;
  if (process.getuid?.() === 0 && runs('apt-get')) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore', timeout: 120_000 });
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], {
      stdio: 'ignore',
      timeout: 240_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
  }
  if (runs('redis-server')) return;
  throw new Error(
    'These tests need redis-server, and it could not be installed: as root, apt-get install redis-server ' +
      '(or valkey with redis-server on the PATH)',
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

async function waitUntilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: 500 });
  redis.on('error', () => undefined); // it is not up yet
  try {
    await Promise.race([
      redis.ping(),
      new Promise((_, reject) => {
        child.once('exit', (code) => {
          reject(new Error(`redis-server ended with ${code}`));
        });
      }),
    ]);
  } finally {
    redis.disconnect();
  }
}

/** Starts a Redis on a random port of 127.0.0.1, installing it first where that is possible. */
export async function startRedis(): Promise<RedisServer> {
  ensureInstalled();
  const folder = mkdtempSync(join(tmpdir(), 'mxcp-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}/0`;
  const launch = async (): Promise<ChildProcess> => {
    const flags = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--appendonly',
      'yes',
      '--save',
      '',
    ];
    const started = spawn('redis-server', flags, { stdio: 'ignore' });
    await waitUntilItAnswers(url, started);
    return started;
  };
  let child = await launch();
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await ended;
  };
  return {
    url,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
    restart: async () => {
      await end();
      child = await launch();
    },
    cli: () => new Redis(url),
  };
}
