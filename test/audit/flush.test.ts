import type * as Fs from 'node:fs';
import { appendFileSync } from 'node:fs';
import type * as FsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { entry, makeSite, segments, siteSecret } from './support.js';

/** Files that were written whole, and whether they were on the disk when the write was done. */
const written = vi.hoisted(() => [] as { path: string; flushed: boolean }[]);

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  const writeFileSync: typeof fs.writeFileSync = (file, data, options) => {
    written.push({ path: String(file), flushed: typeof options === 'object' && options?.flush === true });
    fs.writeFileSync(file, data, options);
  };
  return { ...fs, writeFileSync };
});

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof FsPromises>();
  const writeFile: typeof fs.writeFile = async (file, data, options) => {
    const path = typeof file === 'string' ? file : '';
    written.push({ path, flushed: typeof options === 'object' && options?.flush === true });
    await fs.writeFile(file, data, options);
  };
  return { ...fs, writeFile };
});

afterEach(() => {
  written.length = 0;
});

it('a head is on the disk before it takes the place of the one before: a power cut leaves one of both', async () => {
  const site = makeSite();
  const options = { settings: site.settings, siteSecret, stateDirectory: site.state, reserve: false };
  const log = await openAuditLog(options);
  await log.append(entry());
  await log.close();
  expect(written.length).toBeGreaterThanOrEqual(4);
  expect(written.filter(({ flushed }) => !flushed)).toEqual([]);
});

it('a torn line is on the disk in its own file before it is taken from the segment', async () => {
  const site = makeSite();
  const options = { settings: site.settings, siteSecret, reserve: false };
  await (await openAuditLog(options)).close();
  const [segment = ''] = segments(site.folder);
  appendFileSync(join(site.folder, segment), '{"torn":');
  written.length = 0;
  await (await openAuditLog(options)).close();
  const torn = written.filter(({ path }) => path.endsWith('.torn'));
  expect(torn).toEqual([{ path: join(site.folder, `${segment}.torn`), flushed: true }]);
});
