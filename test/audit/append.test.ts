import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { entry, makeSite, readRecords, segments, siteSecret } from './support.js';

describe('append', () => {
  it('has the line in the file when it resolves', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.append(entry({ operation_name: 'first' }));
    expect(readRecords(site.folder).map((record) => record['operation_name'])).toEqual([
      'audit.segment',
      'first',
    ]);
    await log.close();
  });

  it('makes folder and files that only their owner can read', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    await log.close();
    const [segment] = segments(site.folder);
    expect(statSync(site.folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(site.folder, segment ?? '')).mode & 0o777).toBe(0o600);
    expect(statSync(join(site.folder, `${segment}.head`)).mode & 0o777).toBe(0o600);
  });

  it('shares one sync between callers who wait together, and every line is there', async () => {
    const site = makeSite({ sync: 'always' });
    const log = await openAuditLog({ settings: site.settings, siteSecret });
    await Promise.all(
      Array.from({ length: 64 }, (_, index) => log.append(entry({ operation_name: `call-${index}` }))),
    );
    expect(readRecords(site.folder)).toHaveLength(65);
    await log.close();
  });

  it('writes nothing when the log is off', async () => {
    const site = makeSite({ enabled: false });
    const log = await openAuditLog({ settings: site.settings });
    await log.append(entry());
    await log.close();
    expect(() => segments(site.folder)).toThrow('ENOENT');
  });

  it('refuses to record after it was closed', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings });
    await log.close();
    await expect(log.append(entry())).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  });
});
