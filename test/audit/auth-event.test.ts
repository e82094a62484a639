import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { recordAuthEvent } from '../../src/audit/describe-auth-event.js';
import { createDescriber } from '../../src/audit/describe-call.js';
import { logStats } from '../../src/audit/log-stats.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { queryLog } from '../../src/audit/query-log.js';
import { schemaCompiler } from '../../src/lib/schema.js';
import type { AuthEvent } from '../../src/model/auth-settings.js';
import type { Transport } from '../../src/model/call.js';
import { makeSite, readRecords, siteSecret, type Site } from './support.js';

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/audit-record.schema.json', import.meta.url), 'utf8'),
) as object;
const isRecord = schemaCompiler().compile(schema);

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg';
const ann = { userKey: 'github|1', userId: '1', username: 'ann', provider: 'github' };

/** The records of these events, with the log's own lines left out. */
async function recordsOf(events: readonly AuthEvent[], transport?: Transport, site: Site = makeSite()) {
  const strangers = { singlesPerMinute: 3, recordsPerDay: 100, groupsPerMinute: 50 };
  const audit = await openAuditLog({ settings: site.settings, siteSecret, strangers });
  const describer = createDescriber({ settings: site.settings, siteSecret, projectDigest: 'digest' });
  for (const event of events) await recordAuthEvent(audit, describer, event, transport);
  await audit.close();
  const records = readRecords(site.folder);
  for (const record of records) expect(isRecord(record), JSON.stringify(isRecord.errors)).toBe(true);
  return records.filter((record) => record['operation_type'] === 'auth');
}

describe('an event around a credential', () => {
  it('is on record with who, which client, from where, with which scopes and why', async () => {
    const [record] = await recordsOf([
      {
        event: 'token-refresh',
        outcome: 'failure',
        reason: 'the family was revoked',
        ...ann,
        clientId: 'editor',
        clientName: 'An editor',
        sessionId: 's1',
        scopes: ['tag:orders'],
        ip: '203.0.113.7',
        userAgent: 'test',
        details: { grant: 'g1' },
      },
    ]);
    expect(record).toMatchObject({
      operation_name: 'token-refresh',
      operation_status: 'error',
      error: 'the family was revoked',
      user_key: 'github|1',
      user_id: '1',
      username: 'ann',
      provider: 'github',
      identity_source: 'verified',
      client_id: 'editor',
      client_name: 'An editor',
      session_id: 's1',
      scopes: ['tag:orders'],
      ip: '203.0.113.7',
      user_agent: 'test',
      caller_type: 'http',
      input_data: { grant: 'g1' },
      project_digest: 'digest',
    });
  });

  it('is redacted like everything else: no token, no secret, wherever a caller put it', async () => {
    const records = await recordsOf([
      {
        event: 'client-registration',
        outcome: 'failure',
        reason: `Bearer ${jwt}`,
        clientName: `x ${jwt}`,
        userAgent: jwt,
        clientId: jwt,
        details: { client_secret: 'hunter2hunter2', nested: { text: `token ${jwt}` }, __proto__: { a: 1 } },
      },
    ]);
    const text = JSON.stringify(records);
    expect(text).toContain('client-registration');
    expect(text).not.toContain(jwt);
    expect(text).not.toContain('hunter2');
  });

  it.each([
    ['authentication', 'AUTH_CREDENTIAL_INVALID'],
    ['authorization', 'AUTH_INSUFFICIENT_SCOPE'],
    ['rate-limit', 'CALL_RATE_LIMITED'],
  ] as const)('of a refusal (%s) has the code of a call that is refused so', async (event, code) => {
    const [record] = await recordsOf([{ event, outcome: 'failure', reason: 'because' }]);
    expect(record).toMatchObject({ error_code: code, identity_source: 'anonymous' });
  });

  it('of the command line is of the operator, not of the key that it is about', async () => {
    const [record] = await recordsOf(
      [{ event: 'key-create', outcome: 'success', ...ann, details: { key_id: 'k1' } }],
      'cli',
    );
    expect(record).toMatchObject({
      identity_source: 'asserted',
      caller_type: 'cli',
      input_data: { key_id: 'k1' },
    });
    expect(record).not.toHaveProperty('user_key');
  });

  it('of an API key says so', async () => {
    const [record] = await recordsOf([
      {
        event: 'key-expiry',
        outcome: 'success',
        userKey: 'api-key|key:ci',
        provider: 'api-key',
        clientId: 'k1',
      },
    ]);
    expect(record).toMatchObject({ identity_source: 'key', client_id: 'k1' });
  });
});

describe('a flood of events that strangers cause', () => {
  const failures = (event: AuthEvent['event'], reason: string, more: Partial<AuthEvent> = {}): AuthEvent[] =>
    Array.from({ length: 200 }, (_, i) => ({
      event,
      outcome: 'failure' as const,
      reason,
      ip: `203.0.113.${i}`,
      ...more,
    }));

  it('is counted by kind, address prefix and reason, and loses none of the count', async () => {
    const records = await recordsOf([
      ...failures('authentication', 'expired'),
      ...failures('client-registration', 'too many'),
      ...failures('client-registration', 'too large'),
      ...failures('rate-limit', 'per_address'),
    ]);
    const counted = records
      .filter(({ input_data: data }) => 'count' in (data as object))
      .map(({ operation_name: name, error, input_data: data }) => [name, error, data]);
    const since = expect.any(String) as string;
    const of = (count: number) => ({ count, since, address_prefix: '203.0.113.0/24' });
    expect(counted).toEqual([
      ['authentication', 'expired', of(197)],
      ['client-registration', 'too many', of(200)],
      ['client-registration', 'too large', of(200)],
      ['rate-limit', 'per_address', of(200)],
    ]);
    expect(records).toHaveLength(3 + 4);
  });

  it('of a known caller over a limit is counted for that caller', async () => {
    const records = await recordsOf([
      ...failures('rate-limit', 'per_user', ann),
      ...failures('rate-limit', 'per_user', { ...ann, userKey: 'github|2' }),
    ]);
    const counts = records.map(({ user_key: user, input_data: data }) => [
      user,
      (data as { count?: number }).count,
    ]);
    expect(counts.slice(3)).toEqual([
      ['github|1', 197],
      ['github|2', 200],
    ]);
  });

  it('does not hide what a known person did', async () => {
    const records = await recordsOf([
      ...failures('authentication', 'expired'),
      ...Array.from({ length: 20 }, () => ({ event: 'token-replay', outcome: 'failure', ...ann }) as const),
    ]);
    expect(records.filter(({ operation_name: name }) => name === 'token-replay')).toHaveLength(20);
  });
});

describe('mxcp log over events around credentials', () => {
  it('finds them by type, user and client, and counts them by name', async () => {
    const site = makeSite();
    await recordsOf(
      [
        { event: 'sign-in', outcome: 'success', ...ann, clientId: 'editor' },
        { event: 'sign-in', outcome: 'failure', ...ann },
        { event: 'consent', outcome: 'success', ...ann },
      ],
      undefined,
      site,
    );
    const { path } = site.settings;
    const stats = await logStats(path, { type: 'auth' }, 'tool');
    expect(stats.groups.map(({ key, calls, errors }) => [key, calls, errors])).toEqual([
      ['auth sign-in', 2, 1],
      ['auth consent', 1, 0],
    ]);
    const filter = { type: 'auth', user: 'ann', client: 'editor' } as const;
    const found = await queryLog({ path, filter, limit: 10, offset: 0, ascending: false });
    expect(found.records).toHaveLength(1);
  });
});
