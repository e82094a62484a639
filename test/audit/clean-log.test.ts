import { existsSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanLog } from '../../src/audit/clean-log.js';
import { headFolder } from '../../src/audit/head-file.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { logPlace } from '../../src/audit/segment-name.js';
import { verifyLog } from '../../src/audit/verify-log.js';
import { entry, makeSite, readRecords, segments, siteSecret, type Site } from './support.js';

const day = 86_400_000;
const start = Date.parse('2026-06-01T10:00:00Z');

/** Files that were last touched when the log's clock says so. */
function age(site: Site, millis: number): void {
  for (const name of readdirSync(site.folder))
    utimesSync(join(site.folder, name), millis / 1000, millis / 1000);
}

async function writeDays(site: Site, from: number, days: number): Promise<void> {
  let now = from;
  const log = await openAuditLog({
    settings: site.settings,
    siteSecret,
    stateDirectory: site.state,
    now: () => now,
    reserve: false,
  });
  for (let index = 0; index < days; index += 1) {
    await log.append(entry());
    now += day;
  }
  now -= day;
  await log.close();
  age(site, now);
}

const options = (site: Site, now: number): Parameters<typeof cleanLog>[0] => ({
  settings: site.settings,
  siteSecret,
  stateDirectory: site.state,
  now: () => now,
});
const verify = (site: Site): ReturnType<typeof verifyLog> =>
  verifyLog({ path: site.settings.path, keys: { siteSecret }, stateDirectory: site.state });

describe('log-cleanup', () => {
  it('deletes whole segments that are old, with their heads, and verification still passes', async () => {
    const site = makeSite({ retentionDays: 5 });
    await writeDays(site, start, 10);
    const before = segments(site.folder);
    const now = start + 10 * day;
    expect((await cleanLog(options(site, now), true)).deleted).toEqual(before.slice(0, 5));
    expect(segments(site.folder)).toEqual(before);
    const { deleted } = await cleanLog(options(site, now), false);
    expect(deleted).toEqual(before.slice(0, 5));
    for (const name of deleted) {
      expect(existsSync(join(site.folder, name))).toBe(false);
      expect(existsSync(join(site.folder, `${name}.head`))).toBe(false);
      expect(existsSync(join(headFolder(site.state, logPlace(site.settings.path)), `${name}.head`))).toBe(
        false,
      );
    }
    expect(verify(site)).toMatchObject({ answer: 'anchored', retired: 5, findings: [] });
    const note = readRecords(site.folder).find((one) => one['operation_name'] === 'log-cleanup');
    expect(note).toMatchObject({ identity_source: 'asserted', os_user: userInfo().username });
  });

  it('goes on to pass when the notes themselves grow old', async () => {
    const site = makeSite({ retentionDays: 5 });
    await writeDays(site, start, 3);
    for (let round = 1; round < 12; round += 1) {
      const now = start + round * 3 * day;
      await writeDays(site, now, 3);
      await cleanLog(options(site, now + 3 * day), false);
      age(site, now + 3 * day);
      expect(verify(site), `round ${round}`).toMatchObject({ answer: 'anchored', findings: [] });
    }
    expect(segments(site.folder).length).toBeLessThan(14);
  });

  it('deletes the empty segment of a writer that ended before its first record', async () => {
    const site = makeSite({ retentionDays: 5 });
    await writeDays(site, start, 1);
    const empty = (segments(site.folder)[0] ?? '').replace('20260601T100000Z', '20260601T110000Z');
    writeFileSync(join(site.folder, empty.replace(/-\w+\.jsonl$/, '-0123456789ab.jsonl')), '');
    age(site, start);
    const { deleted, unreadable } = await cleanLog(options(site, start + 10 * day), false);
    expect([deleted.length, unreadable]).toEqual([2, []]);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('keeps an empty segment that once had records: it was emptied', async () => {
    const site = makeSite({ retentionDays: 5 });
    await writeDays(site, start, 1);
    const [victim = ''] = segments(site.folder);
    truncateSync(join(site.folder, victim));
    age(site, start);
    const { deleted, unreadable } = await cleanLog(options(site, start + 10 * day), false);
    expect([deleted, unreadable]).toEqual([[], [victim]]);
    expect(verify(site).answer).toBe('missing');
  });

  it('is noticed when someone deletes one more than it noted', async () => {
    const site = makeSite({ retentionDays: 5 });
    await writeDays(site, start, 10);
    await cleanLog(options(site, start + 10 * day), false);
    const victim = segments(site.folder)[0] ?? '';
    rmSync(join(site.folder, victim));
    expect(verify(site).findings).toContainEqual(
      expect.objectContaining({ kind: 'missing-segment', file: victim }),
    );
  });

  it('never deletes the segment of a writer that lives', async () => {
    const site = makeSite({ retentionDays: 0 });
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.append(entry());
    const { segment } = log.status();
    const { deleted } = await cleanLog(options(site, Date.now() + 1000), false);
    expect(deleted).not.toContain(segment);
    await log.append(entry());
    await log.close();
    expect(verify(site).findings).toEqual([]);
  });

  it('deletes nothing where it cannot say so', async () => {
    const site = makeSite({ retentionDays: 5 });
    await writeDays(site, start, 10);
    const before = segments(site.folder);
    const failing = {
      ...options(site, start + 10 * day),
      settings: { ...site.settings, signingKey: 'no key' },
    };
    await expect(cleanLog(failing, false)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(segments(site.folder)).toEqual(before);
  });

  it('has nothing to do where there is no log', async () => {
    expect(await cleanLog(options(makeSite(), Date.now()), false)).toEqual({
      deleted: [],
      bytes: 0,
      unreadable: [],
    });
  });
});
