import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { access, chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const version = '26.4.5';
const coordinates = `org.keycloak:keycloak-quarkus-dist:${version}:zip`;
const archive = `keycloak-quarkus-dist-${version}.zip`;
const run = promisify(execFile);

/** A Keycloak server with the realm of `realm.json`, on loopback. */
export interface Keycloak {
  /** Root of the server: `server_url` of the provider. */
  readonly url: string;
  readonly realm: 'tremola';
  readonly clientId: 'mxcp';
  readonly clientSecret: string;
  /** Name of a user of the realm → password. */
  readonly passwords: Readonly<Record<'priya' | 'owen' | 'paula', string>>;
  readonly adminPassword: string;
  /** What it has written so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

async function need(command: string, how: string): Promise<void> {
  try {
    await run(command, ['-version']);
  } catch (error) {
    throw new Error(`The Keycloak suite needs ${command}: ${how}`, { cause: error });
  }
}

/** The server's distribution, unpacked once per user and version; Maven fetches it. */
async function unpacked(): Promise<string> {
  const folder = join(homedir(), '.cache', 'mxcp-keycloak');
  const root = join(folder, `keycloak-${version}`);
  const ready = join(root, 'bin', 'kc.sh');
  if (
    await access(ready).then(
      () => true,
      () => false,
    )
  )
    return root;
  await need('java', 'install a JDK 17 or 21 (Debian: apt-get install default-jdk-headless)');
  await need('mvn', 'install Maven (Debian: apt-get install maven)');
  await mkdir(folder, { recursive: true });
  const parts = await mkdtemp(join(folder, 'fetch-'));
  try {
    const goal = ['-q', 'dependency:copy', `-Dartifact=${coordinates}`, `-DoutputDirectory=${parts}`];
    await run('mvn', goal, { timeout: 600_000 });
    await run('jar', ['xf', join(parts, archive)], { cwd: folder, timeout: 120_000 });
    await chmod(ready, 0o755);
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
  return root;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function ready(url: string, child: ChildProcess, log: string): Promise<void> {
  const until = Date.now() + 240_000;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`Keycloak ended with ${child.exitCode}; its log is ${log}`);
    const answer = await fetch(`${url}/realms/tremola/.well-known/openid-configuration`).catch(
      () => undefined,
    );
    if (answer?.ok === true) return;
    await delay(500);
  }
  throw new Error(`Keycloak was not ready in four minutes; its log is ${log}`);
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  const late = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, 15_000);
  await gone;
  clearTimeout(late);
}

/** Fetches, starts and awaits Keycloak with the imported realm. Throws with what is missing and how to get it. */
export async function startKeycloak(): Promise<Keycloak> {
  const root = await unpacked();
  const data = await mkdtemp(join(tmpdir(), 'mxcp-keycloak-'));
  const imports = join(root, 'data', 'import');
  await mkdir(imports, { recursive: true });
  await copyFile(fileURLToPath(new URL('realm.json', import.meta.url)), join(imports, 'tremola.json'));
  const port = await freePort();
  const adminPassword = 'only-on-loopback';
  const log = join(data, 'keycloak.log');
  const options = [
    'start-dev',
    '--import-realm',
    '--db=dev-mem',
    '--http-host=127.0.0.1',
    `--http-port=${port}`,
    '--cache=local',
    '--log-level=warn',
  ];
  const child = spawn(join(root, 'bin', 'kc.sh'), options, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
      KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
      JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx768m',
    },
  });
  const sink = createWriteStream(log);
  child.stdout.pipe(sink);
  child.stderr.pipe(sink);
  const url = `http://127.0.0.1:${port}`;
  try {
    await ready(url, child, log);
  } catch (error) {
    await stopped(child);
    throw error;
  }
  return {
    url,
    realm: 'tremola',
    clientId: 'mxcp',
    clientSecret: 'realm-test-client-secret',
    passwords: { priya: 'priya-in-the-realm', owen: 'owen-in-the-realm', paula: 'paula-in-the-realm' },
    adminPassword,
    log: () => readFileSync(log, 'utf8'),
    stop: async () => {
      await stopped(child);
      await rm(data, { recursive: true, force: true });
    },
  };
}
