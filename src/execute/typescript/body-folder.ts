import { lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'mxcp-bodies-';
/** A socket on which the owner of a folder listens: nobody listens for a process that is gone, whatever its id is now. */
const sign = 'owner';

/** A folder for bundled bodies, which is known to be in use until it is removed or its process ends. */
export interface BodyFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Listens under another name first: between bind and listen a socket refuses, as one that is left over does. */
async function listenIn(folder: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.on('error', () => undefined).destroy()).unref();
  const early = join(folder, 'new');
  const listening = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)); // its path is too long for a socket; then nobody sweeps this folder
    server.listen(early, () => resolve(true));
  });
  if (!(await listening)) return undefined;
  server.on('error', () => undefined); // one look of a sweep that failed is the sweep's
  await rename(early, join(folder, sign));
  return server;
}

/** Makes a folder that only this user can read, and removes those that servers left behind which were killed. */
export async function makeBodyFolder(): Promise<BodyFolder> {
  await sweepBodyFolders();
  const path = await mkdtemp(join(tmpdir(), prefix));
  const server = await listenIn(path);
  return {
    path,
    remove: async () => {
      server?.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** True when a socket is there and nobody listens on it. */
function isLeft(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'));
  });
}

async function isOwn(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}

/** Removes folders of this user whose process is gone. */
async function sweepBodyFolders(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    if (!(await isOwn(folder)) || !(await isLeft(join(folder, sign)))) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined); // the next start tries again
  }
}
