import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ChainWriter } from '../../src/audit/chain-writer.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { RecordingLog } from '../../src/audit/recording-log.js';
import { openReserve } from '../../src/audit/reserve.js';
import { logPlace } from '../../src/audit/segment-name.js';
import { createStrangers } from '../../src/audit/strangers.js';
import { verifyLog } from '../../src/audit/verify-log.js';
import type { AuditSettings } from '../../src/model/settings.js';
import { auditSettings, entry, makeSite, readRecords, segments, siteSecret, type Site } from './support.js';
import { startWriter } from './writer-process.js';

const unavailable = { code: 'AUDIT_UNAVAILABLE' };
const started = { operation_status: 'started', policy_decision: 'n/a' } as const;

function verify(site: Site, now?: number): ReturnType<typeof verifyLog> {
  return verifyLog({
    path: site.settings.path,
    keys: { siteSecret },
    stateDirectory: site.state,
    ...(now !== undefined && { now }),
  });
}

const mounts: string[] = [];

/** A site whose log has a small file system of its own; undefined where this process may not mount one. */
function mountedSite(bytes: number, changes: Partial<AuditSettings> = {}): Site | undefined {
  const site = makeSite();
  mkdirSync(site.folder, { mode: 0o700 });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'tmpfs', site.folder], {
      stdio: 'pipe',
    });
  } catch {
    console.warn('NOT TESTED: this machine does not let this process mount a tmpfs');
    return undefined;
  }
  mounts.push(site.folder);
  return { ...site, settings: auditSettings(site.settings.path, changes) };
}

function remount(site: Site, mode: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${mode}`, site.folder], { stdio: 'pipe' });
}

afterAll(() => {
  for (const folder of mounts) execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
});

describe('kill -9', () => {
  it.each([
    ['interval', 8],
    ['always', 8],
    ['always', 64],
  ] as const)(
    'loses no acknowledged call (sync: %s, %i at once), and what is left verifies',
    async (sync, callers) => {
      const site = makeSite({ sync, maxFileSize: 200_000 });
      const acknowledged = new Set<string>();
      for (let round = 0; round < 5; round += 1) {
        const writer = startWriter(site, `round${round}`, callers);
        for (const id of await writer.killAfter(20 + Math.floor(Math.random() * 400))) acknowledged.add(id);
      }
      const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
      await log.close();
      const outcomes = readRecords(site.folder).filter((record) => record['operation_status'] === 'success');
      const written = new Set(outcomes.map((record) => record['call_id']));
      expect([...acknowledged].filter((id) => !written.has(id))).toEqual([]);
      expect(acknowledged.size).toBeGreaterThan(90);
      const { findings } = verify(site);
      expect(findings).toEqual([]);
      const later = verify(site, Date.now() + 86_400_000).findings;
      expect(later.every(({ kind }) => kind === 'missing-outcome')).toBe(true);
      expect(later.length).toBeLessThanOrEqual(5 * callers);
    },
  );
});

describe('several processes in one folder', () => {
  it('write side by side without harm', async () => {
    const site = makeSite({ maxFileSize: 100_000 });
    const counts = await Promise.all(
      ['a', 'b', 'c'].map((name) => startWriter(site, name, 4).killAfter(200)),
    );
    const written = new Set(
      readRecords(site.folder)
        .filter((one) => one['operation_status'] === 'success')
        .map((one) => one['call_id']),
    );
    expect(counts.flat().filter((id) => !written.has(id))).toEqual([]);
    expect(verify(site).findings).toEqual([]);
  });
});

describe('a full disk', () => {
  it('fails calls, keeps every line whole, and goes on when there is room', async () => {
    const site = mountedSite(1_048_576);
    if (site === undefined) return;
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    const filler = join(site.folder, 'filler');
    let written = 0;
    const pad = { input_data: { pad: 'x'.repeat(3000) } };
    for (;;) {
      try {
        await log.append(entry(pad));
        written += 1;
      } catch (error) {
        expect(error).toMatchObject(unavailable);
        break;
      }
      if (written === 10) appendUntilFull(filler);
      expect(written).toBeLessThan(1000);
    }
    expect(log.writable()).toBe(false);
    for (let again = 0; again < 5; again += 1)
      await expect(log.append(entry(pad))).rejects.toMatchObject(unavailable);
    rmSync(filler);
    await log.append(entry({ operation_name: 'after' }));
    expect(log.writable()).toBe(true);
    await log.close();
    const records = readRecords(site.folder);
    expect(records.filter((record) => record['operation_name'] === 'salaries')).toHaveLength(written);
    expect(records.at(-1)).toMatchObject({ operation_name: 'after' });
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('has room for the outcomes of calls that have started, and for nothing else', async () => {
    const site = mountedSite(4_194_304, { reserve: 2_097_152 });
    if (site === undefined) return;
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    const reserve = join(site.folder, 'logs-default.reserve');
    expect(statSync(reserve).size).toBe(2_097_152);
    const ids = Array.from({ length: 50 }, (_, index) => `call-${index}`);
    for (const id of ids) await log.begin(entry({ ...started, call_id: id }));
    const filler = join(site.folder, 'filler');
    appendUntilFull(filler);
    await expectFull(() => log.append(entry()));
    const pad = { input_data: { pad: 'x'.repeat(10_000) } };
    for (const id of ids) await log.append(entry({ call_id: id, ...pad }));
    await expect(log.append(entry())).rejects.toMatchObject(unavailable);
    await expect(log.begin(entry({ ...started, call_id: 'new' }))).rejects.toMatchObject(unavailable);
    expect(statSync(reserve).size).toBeLessThan(2_097_152);
    rmSync(filler);
    await log.append(entry({ operation_name: 'after' }));
    expect(statSync(reserve).size).toBe(2_097_152);
    await log.close();
    expect(verify(site, Date.now() + 86_400_000)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('takes its reserve back without a call when there is room again', async () => {
    const site = mountedSite(2_097_152, { reserve: 1_048_576, syncIntervalMs: 5 });
    if (site === undefined) return;
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.begin(entry({ ...started, call_id: 'running' }));
    const filler = join(site.folder, 'filler');
    appendUntilFull(filler);
    await log.append(entry({ call_id: 'running', input_data: { pad: 'x'.repeat(20_000) } }));
    expect(log.writable()).toBe(false);
    rmSync(filler);
    await vi.waitUntil(() => log.writable(), { timeout: 20_000 });
    expect(statSync(join(site.folder, 'logs-default.reserve')).size).toBe(1_048_576);
    await log.close();
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('is met by each of those for itself who record at the same moment', async () => {
    const site = mountedSite(1_048_576, { reserve: 0 });
    if (site === undefined) return;
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    const filler = join(site.folder, 'filler');
    appendFileSync(filler, Buffer.alloc(65_536));
    appendUntilFull(`${filler}.rest`);
    rmSync(filler);
    const pad = { input_data: { pad: 'x'.repeat(3000) } };
    const ends = await Promise.allSettled(Array.from({ length: 64 }, () => log.append(entry(pad))));
    const written = ends.filter(({ status }) => status === 'fulfilled').length;
    expect(written).toBeGreaterThan(10);
    expect(written).toBeLessThan(30);
    rmSync(`${filler}.rest`);
    await log.append(entry({ operation_name: 'after' }));
    await log.close();
    expect(readRecords(site.folder)).toHaveLength(written + 2);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('gives the reserve to the outcomes among those who record at the same moment, and to nobody else', async () => {
    const site = mountedSite(4_194_304, { reserve: 2_097_152 });
    if (site === undefined) return;
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await Promise.all(['a', 'b'].map((id) => log.begin(entry({ ...started, call_id: id }))));
    appendUntilFull(join(site.folder, 'filler'));
    const pad = { input_data: { pad: 'x'.repeat(10_000) } };
    const lot = [entry(pad), entry({ call_id: 'a', ...pad }), entry(pad), entry({ call_id: 'b', ...pad })];
    const ends = await Promise.allSettled(lot.map((one) => log.append(one)));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    await log.close();
    expect(verify(site, Date.now() + 86_400_000)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('withholds an outcome that cannot be written, and writes it before any other record', async () => {
    const site = mountedSite(1_048_576, { reserve: 0 });
    if (site === undefined) return;
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.begin(entry({ ...started, call_id: 'owed' }));
    const filler = join(site.folder, 'filler');
    appendUntilFull(filler);
    await expectFull(() => log.append(entry()));
    const big = { pad: 'x'.repeat(10_000) };
    await expect(log.append(entry({ call_id: 'owed', input_data: big }))).rejects.toMatchObject(unavailable);
    expect(log.status().owed).toBe(1);
    rmSync(filler);
    await log.append(entry({ operation_name: 'next' }));
    await log.close();
    const names = readRecords(site.folder).slice(-2);
    expect(names).toMatchObject([{ call_id: 'owed', started_seq: 2 }, { operation_name: 'next' }]);
  });

  it('does not let a log open that could not keep its reserve', async () => {
    const site = mountedSite(1_048_576, { reserve: 8_388_608 });
    if (site === undefined) return;
    await expect(openAuditLog({ settings: site.settings, siteSecret })).rejects.toMatchObject(unavailable);
  });
});

/** Leaves no byte of the file system free. */
function appendUntilFull(path: string): void {
  for (let size = 65_536; size > 0; size = Math.floor(size / 2)) {
    for (let room = true; room;) room = tryAppend(path, size);
  }
}

function tryAppend(path: string, size: number): boolean {
  const before = existsSync(path) ? statSync(path).size : 0;
  try {
    appendFileSync(path, Buffer.alloc(size, 1));
    return true;
  } catch {
    truncateSync(path, before);
    return false;
  }
}

/** The last page of the segment may still have room for some lines. */
async function expectFull(write: () => Promise<void>): Promise<void> {
  for (let count = 0; count < 100; count += 1) {
    try {
      await write();
    } catch (error) {
      expect(error).toMatchObject(unavailable);
      return;
    }
  }
  expect.fail('the disk is not full');
}

describe('a removed folder', () => {
  it('fails calls until it is there again, and goes on in a new segment', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.append(entry());
    const { segment } = log.status();
    rmSync(site.folder, { recursive: true });
    await expect(log.append(entry())).rejects.toMatchObject(unavailable);
    await expect(log.append(entry())).rejects.toMatchObject(unavailable);
    expect(existsSync(site.folder)).toBe(false);
    mkdirSync(site.folder, { mode: 0o700 });
    await log.append(entry({ operation_name: 'after' }));
    expect(log.status().segment).not.toBe(segment);
    await log.append(entry());
    expect(statSync(join(site.folder, 'logs-default.reserve')).size).toBe(65_536);
    await log.close();
    const report = verify(site);
    expect(report.answer).toBe('missing');
    expect(report.findings).toMatchObject([{ kind: 'missing-segment', file: segment }]);
  });

  it('is found to be there again without a call: a server that is not ready may get none', async () => {
    const site = makeSite({ syncIntervalMs: 5 });
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    renameSync(site.folder, `${site.folder}.old`);
    await expect(log.append(entry())).rejects.toMatchObject(unavailable);
    expect(log.writable()).toBe(false);
    renameSync(`${site.folder}.old`, site.folder);
    await vi.waitUntil(() => log.writable(), { timeout: 20_000 });
    await log.append(entry());
    await log.close();
    expect(segments(site.folder)).toHaveLength(2);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('keeps nothing from the disk that was written before', async () => {
    const { folder, settings } = makeSite({ syncIntervalMs: 5 });
    mkdirSync(folder);
    const reserve = openReserve('', 0);
    const common = { settings, reserve, now: Date.now };
    const chain = new ChainWriter(
      { ...common, place: logPlace(settings.path), signer: undefined, headFolders: [], transport: 'api' },
      [],
    );
    const warn = vi.fn();
    const log = new RecordingLog({ ...common, chain, strangers: createStrangers(undefined), warn });
    chain.put(entry(), { mayUseReserve: false });
    renameSync(folder, `${folder}.old`);
    expect(chain.unsynced).toBe(true);
    await expect(log.append(entry())).rejects.toMatchObject(unavailable);
    await vi.waitUntil(() => !chain.unsynced, { timeout: 20_000 });
    expect(log.writable()).toBe(false);
    await log.close();
  });

  it('is the same as a folder that was moved', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.append(entry());
    renameSync(site.folder, `${site.folder}.old`);
    await expect(log.append(entry())).rejects.toMatchObject(unavailable);
    renameSync(`${site.folder}.old`, site.folder);
    await log.append(entry());
    await log.close();
    expect(verify(site)).toMatchObject({ answer: 'anchored', segments: 1, findings: [] });
  });

  it('is noticed when only the segment was removed', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.append(entry());
    rmSync(join(site.folder, log.status().segment));
    await log.append(entry({ operation_name: 'after' }));
    await log.close();
    expect(readRecords(site.folder).map((one) => one['operation_name'])).toEqual(['audit.segment', 'after']);
    expect(verify(site).answer).toBe('missing');
  });
});

describe('a folder that cannot be written', () => {
  it('does not carry the names of segments into the future, however many calls fail meanwhile', async () => {
    const site = makeSite();
    const now = Date.parse('2026-11-20T10:00:00Z');
    const options = { settings: site.settings, siteSecret, reserve: false, now: () => now };
    const log = await openAuditLog(options);
    renameSync(site.folder, `${site.folder}.old`);
    writeFileSync(site.folder, '');
    for (let call = 0; call < 100; call += 1)
      await expect(log.append(entry())).rejects.toMatchObject(unavailable);
    rmSync(site.folder);
    mkdirSync(site.folder);
    await log.append(entry());
    await log.close();
    expect(segments(site.folder)).toEqual([expect.stringContaining('-20261120T100001Z-')]);
  });

  it('fails calls while it is read-only', async () => {
    const site = mountedSite(4_194_304);
    if (site === undefined) return;
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.append(entry());
    await log.close();
    remount(site, 'ro');
    await expect(openAuditLog({ settings: site.settings, siteSecret })).rejects.toMatchObject(unavailable);
    remount(site, 'rw');
    expect(verify(site)).toMatchObject({ answer: 'anchored' });
  });

  it('fails calls of a log that is open, while its segment cannot be written', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.append(entry());
    const segment = join(site.folder, log.status().segment);
    execFileSync('chattr', ['+i', segment], { stdio: 'pipe' });
    try {
      await expect(log.append(entry())).rejects.toMatchObject(unavailable);
      await expect(log.append(entry())).rejects.toMatchObject(unavailable);
      expect(log.writable()).toBe(false);
    } finally {
      execFileSync('chattr', ['-i', segment], { stdio: 'pipe' });
    }
    await log.append(entry({ operation_name: 'after' }));
    await log.close();
    expect(readRecords(site.folder).map((one) => one['operation_name'])).toEqual([
      'audit.segment',
      'salaries',
      'after',
    ]);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });
});

describe('on_failure: allow', () => {
  it('goes on without a record, and counts it', async () => {
    const site = makeSite({ onFailure: 'allow' });
    const warnings: string[] = [];
    const log = await openAuditLog({
      settings: site.settings,
      siteSecret,
      warn: (message) => warnings.push(message),
    });
    rmSync(site.folder, { recursive: true });
    await log.append(entry());
    expect(log.status()).toMatchObject({ dropped: 1, writable: false });
    expect(warnings).toEqual(['An audit record was dropped']);
    mkdirSync(site.folder);
    await log.append(entry());
    expect(log.status()).toMatchObject({ dropped: 1, writable: true });
    await log.close();
  });

  it('does not count the outcome of a started call, which is written later', async () => {
    const site = makeSite({ onFailure: 'allow' });
    const warnings: string[] = [];
    const warn = (message: string): number => warnings.push(message);
    const log = await openAuditLog({ settings: site.settings, siteSecret, warn });
    await log.begin(entry({ ...started, call_id: 'late' }));
    rmSync(site.folder, { recursive: true });
    await log.append(entry({ call_id: 'late' }));
    expect(log.status()).toMatchObject({ dropped: 0, owed: 1, writable: false });
    expect(warnings).toEqual(['The outcome of a call is recorded later']);
    mkdirSync(site.folder);
    await log.append(entry({ operation_name: 'next' }));
    expect(log.status()).toMatchObject({ dropped: 0, owed: 0 });
    await log.close();
    const written = readRecords(site.folder).slice(-2);
    expect(written).toMatchObject([{ call_id: 'late' }, { operation_name: 'next' }]);
  });
});

describe('a log that cannot be opened', () => {
  it('says so', async () => {
    const site = makeSite();
    writeFileSync(site.folder, 'a file where the folder should be');
    await expect(openAuditLog({ settings: site.settings, siteSecret })).rejects.toMatchObject(unavailable);
  });
});

describe('rotation', () => {
  it('begins a new segment each UTC day, and keeps each below the size', async () => {
    let now = Date.parse('2026-11-20T23:59:59Z');
    const site = makeSite({ maxFileSize: 3000 });
    const log = await openAuditLog({
      settings: site.settings,
      siteSecret,
      stateDirectory: site.state,
      now: () => now,
    });
    await log.append(entry());
    now += 2000;
    for (let index = 0; index < 10; index += 1) await log.append(entry());
    await log.close();
    const names = segments(site.folder);
    expect(names[0]).toContain('20261120T235959Z');
    expect(names[1]).toContain('20261121T000001Z');
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) expect(readFileSync(join(site.folder, name)).length).toBeLessThanOrEqual(3000);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });
});
