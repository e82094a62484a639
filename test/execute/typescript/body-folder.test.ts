import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeBodyFolder } from '../../../src/execute/typescript/body-folder.js';
import { startLoopingServer } from './looping-server.js';

const base = mkdtempSync(join(tmpdir(), 'mxcp-sweep-'));
const before = process.env['TMPDIR'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(base, 't-'));
  process.env['TMPDIR'] = folder;
});

afterEach(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

const left = (): string[] => readdirSync(folder).filter((name) => name.startsWith('mxcp-bodies-'));

describe('the folder of a server that was killed', () => {
  it('is removed by the next start', async () => {
    const server = await startLoopingServer(folder);
    await server.kill();
    expect(left()).toHaveLength(1);
    const own = await makeBodyFolder();
    expect(left().map((name) => join(folder, name))).toEqual([own.path]);
    await own.remove();
    expect(left()).toEqual([]);
  });

  it('is not one that is in use, that others may write to, or of which nobody says whose it is', async () => {
    const used = await makeBodyFolder();
    const shared = join(folder, 'mxcp-bodies-shared');
    mkdirSync(shared);
    const gone = createServer().listen(join(shared, 'owner'));
    await once(gone, 'listening');
    chmodSync(shared, 0o777);
    mkdirSync(join(folder, 'mxcp-bodies-unsigned'), { mode: 0o700 });
    const own = await makeBodyFolder();
    expect(left()).toHaveLength(4);
    gone.close();
    await used.remove();
    await own.remove();
    expect(left().sort()).toEqual(['mxcp-bodies-shared', 'mxcp-bodies-unsigned']);
  });
});
