import { describe, expect, it } from 'vitest';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { addressPrefix, createStrangers } from '../../src/audit/strangers.js';
import { entry, makeSite, readRecords, siteSecret } from './support.js';

const refused = (ip: string, code = 'AUTH_CREDENTIAL_INVALID'): ReturnType<typeof entry> =>
  entry({ operation_type: 'auth', operation_name: 'admit', operation_status: 'error', error_code: code, ip });

const limits = { singlesPerMinute: 3, recordsPerDay: 10, groupsPerMinute: 2 };
const noon = Date.parse('2026-11-20T12:00:00Z');
const minute = 60_000;

describe('refusals of strangers', () => {
  it('are recorded one by one up to a rate, then counted by prefix and reason each minute', () => {
    const strangers = createStrangers(limits);
    const admitted = Array.from({ length: 8 }, (_, index) =>
      strangers.admit(refused(`203.0.113.${index}`), noon + index),
    );
    expect(admitted).toEqual([true, true, true, false, false, false, false, false]);
    strangers.admit(refused('198.51.100.1', 'AUTH_CREDENTIAL_REQUIRED'), noon + 10);
    expect(strangers.due(noon + 1000, false)).toEqual([]);
    const counts = strangers
      .due(noon + minute, false)
      .map(({ error_code, input_data }) => [error_code, input_data['address_prefix'], input_data['count']]);
    expect(counts).toEqual([
      ['AUTH_CREDENTIAL_INVALID', '203.0.113.0/24', 5],
      ['AUTH_CREDENTIAL_REQUIRED', '198.51.100.0/24', 1],
    ]);
    expect(strangers.admit(refused('203.0.113.1'), noon + minute + 1)).toBe(true);
  });

  it('take a bounded number of records a day, however many and from wherever they come, and lose none of the count', () => {
    const strangers = createStrangers(limits);
    let records = 0;
    let counted = 0;
    const take = (millis: number, final: boolean): void => {
      for (const one of strangers.due(millis, final)) {
        records += 1;
        counted += Number(one.input_data['count']);
      }
    };
    for (let index = 0; index < 50_000; index += 1) {
      const at = noon + index * 20;
      if (strangers.admit(refused(`${index % 250}.${index % 199}.${index % 7}.1`), at)) {
        records += 1;
        counted += 1;
      }
      if (index % 100 === 0) take(at, false);
    }
    expect(records).toBeLessThanOrEqual(limits.recordsPerDay);
    take(noon + 86_400_000, false);
    take(noon + 86_400_000, true);
    expect(counted).toBe(50_000);
  });

  it.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:1:2:3::4', '2001:db8:1::/48'],
    ['2001:db8::4', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['nonsense', 'unknown'],
    [undefined, 'unknown'],
  ])('from %s have the prefix %s', (ip, wanted) => expect(addressPrefix(ip)).toBe(wanted));

  it('do not fill a log, and those that were counted are on record when it closes', async () => {
    const site = makeSite();
    const log = await openAuditLog({
      settings: site.settings,
      siteSecret,
      strangers: { ...limits, recordsPerDay: 100 },
    });
    for (let index = 0; index < 10_000; index += 1) await log.refuse(refused('203.0.113.7'));
    await log.close();
    const records = readRecords(site.folder);
    expect(records).toHaveLength(1 + 3 + 1);
    expect(records.at(-1)).toMatchObject({ input_data: { count: 9997, address_prefix: '203.0.113.0/24' } });
  });
});
