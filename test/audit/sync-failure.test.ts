import type * as Fs from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { entry, makeSite, segments, siteSecret } from './support.js';

const disk = vi.hoisted(() => ({ fails: false }));

// The system calls of a disk that loses a page: it says so once, and every later sync succeeds.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  const fdatasync = (fd: number, done: (error: Error | null) => void): void => {
    if (!disk.fails) fs.fdatasync(fd, done);
    else {
      disk.fails = false;
      setTimeout(done, 1, Object.assign(new Error('i/o error'), { code: 'EIO' }));
    }
  };
  const fdatasyncSync = (fd: number): void => {
    if (disk.fails) {
      disk.fails = false;
      throw Object.assign(new Error('i/o error'), { code: 'EIO' });
    }
    fs.fdatasyncSync(fd);
  };
  return { ...fs, fdatasync, fdatasyncSync };
});

it('fails no call that came while the sync failed: its record goes into the new segment', async () => {
  const site = makeSite({ sync: 'always' });
  const log = await openAuditLog({ settings: site.settings, siteSecret, reserve: false });
  disk.fails = true;
  const calls = [log.append(entry())];
  const syncs = (): boolean => !disk.fails;
  while (!syncs()) await Promise.resolve();
  calls.push(log.append(entry({ operation_name: 'later' })));
  const ends = await Promise.allSettled(calls);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  await log.close();
  const [, second = ''] = segments(site.folder);
  expect(readFileSync(join(site.folder, second), 'utf8')).toContain('later');
});

it('counts a record once that was dropped with a failed sync', async () => {
  const site = makeSite({ sync: 'always', onFailure: 'allow' });
  const log = await openAuditLog({ settings: site.settings, siteSecret, reserve: false });
  disk.fails = true;
  await Promise.all([log.append(entry()), log.append(entry())]);
  expect(log.status().dropped).toBe(2);
  await log.append(entry());
  await log.close();
});

it('fails every call whose record a failed sync may have lost, and goes on in a new segment', async () => {
  const site = makeSite({ sync: 'always' });
  const log = await openAuditLog({ settings: site.settings, siteSecret, reserve: false });
  disk.fails = true;
  const calls = ['in the sync that fails', 'behind it'].map((name) =>
    log.append(entry({ operation_name: name })),
  );
  const ends = await Promise.allSettled(calls);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await log.append(entry());
  expect(segments(site.folder)).toHaveLength(2);
  await log.close();
});

it('neither writes nor syncs a segment again whose last sync failed when it was full', async () => {
  const site = makeSite({ syncIntervalMs: 3_600_000, maxFileSize: 5000 });
  const log = await openAuditLog({ settings: site.settings, siteSecret, reserve: false });
  await log.append(entry());
  const [first = ''] = segments(site.folder);
  const large = entry({ input_data: { text: 'x'.repeat(5000) } });
  disk.fails = true;
  await expect(log.append(large)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  const before = readFileSync(join(site.folder, first), 'utf8');
  await log.append(entry());
  expect(readFileSync(join(site.folder, first), 'utf8')).toBe(before);
  expect(segments(site.folder)).toHaveLength(2);
  await log.close();
});
