import type * as Fs from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { verifyLog } from '../../src/audit/verify-log.js';
import { entry, makeSite, readRecords, segments, siteSecret, type Site } from './support.js';

const calls = vi.hoisted(() => ({ writes: 0, syncs: 0 }));
/** A write that is over at this byte: the disk is full for the moment. */
const disk = vi.hoisted((): { endsAt: number | undefined } => ({ endsAt: undefined }));

// The system calls as they are, counted; a write may end early.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  const writeSync = (fd: number, text: string): number => {
    calls.writes += 1;
    const { endsAt } = disk;
    disk.endsAt = undefined;
    return fs.writeSync(fd, text.slice(0, endsAt));
  };
  const fdatasync = (fd: number, done: (error: Error | null) => void): void => {
    calls.syncs += 1;
    fs.fdatasync(fd, done);
  };
  return { ...fs, writeSync, fdatasync };
});

const names = Array.from({ length: 64 }, (_, index) => `tool-${index}`);
const started = { operation_status: 'started', policy_decision: 'n/a' } as const;

function open(site: Site): ReturnType<typeof openAuditLog> {
  return openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state, reserve: false });
}

function recordedNames(site: Site): unknown[] {
  return readRecords(site.folder)
    .map((record) => record['operation_name'])
    .filter((name) => name !== 'audit.segment');
}

function verify(site: Site): ReturnType<typeof verifyLog> {
  return verifyLog({ path: site.settings.path, keys: { siteSecret }, stateDirectory: site.state });
}

describe('records that come at the same moment', () => {
  it.each(['interval', 'always'] as const)(
    'share one write and at most one sync (sync: %s), in their order, each in its place of the chain',
    async (sync) => {
      const site = makeSite({ sync });
      const log = await open(site);
      calls.writes = calls.syncs = 0;
      await Promise.all(names.map((name) => log.append(entry({ operation_name: name }))));
      expect(calls).toEqual({ writes: 1, syncs: sync === 'always' ? 1 : 0 });
      expect(recordedNames(site)).toEqual(names);
      await log.close();
      expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
    },
  );

  it('go into as many segments as their size needs', async () => {
    const site = makeSite({ maxFileSize: 5000 });
    const log = await open(site);
    await Promise.all(names.map((name) => log.append(entry({ operation_name: name }))));
    await log.close();
    expect(segments(site.folder).length).toBeGreaterThan(5);
    expect(recordedNames(site)).toEqual(names);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it.each([1, 3000])('are in the log once when their write ends at byte %i', async (endsAt) => {
    const site = makeSite();
    const log = await open(site);
    disk.endsAt = endsAt;
    await Promise.all(names.map((name) => log.append(entry({ operation_name: name }))));
    expect(disk.endsAt).toBeUndefined();
    await log.close();
    expect(recordedNames(site)).toEqual(names);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('do not fail with the one among them that cannot be recorded', async () => {
    const site = makeSite();
    const log = await open(site);
    const cyclic: Record<string, unknown> = {};
    cyclic['itself'] = cyclic;
    const bad = entry({ operation_name: 'bad', input_data: cyclic as never });
    const ends = await Promise.allSettled([
      log.append(entry({ operation_name: 'before' })),
      log.append(bad),
      log.append(entry({ operation_name: 'behind' })),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await log.close();
    expect(recordedNames(site)).toEqual(['before', 'behind']);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('name the start of their own call', async () => {
    const site = makeSite();
    const log = await open(site);
    await Promise.all(names.map((id) => log.begin(entry({ ...started, call_id: id }))));
    await Promise.all(names.toReversed().map((id) => log.append(entry({ call_id: id }))));
    await log.close();
    const records = readRecords(site.folder).filter((record) => record['call_id'] !== undefined);
    const starts = new Map(records.slice(0, 64).map((record) => [record['call_id'], record['seq']]));
    expect(records).toHaveLength(128);
    for (const { call_id: id, started_seq: seq } of records.slice(64)) expect(seq).toBe(starts.get(id));
  });

  it('are all written before the log is closed', async () => {
    const site = makeSite({ sync: 'always' });
    const log = await open(site);
    const written = Promise.all(names.map((name) => log.append(entry({ operation_name: name }))));
    await log.close();
    await written;
    expect(recordedNames(site)).toEqual(names);
  });
});
