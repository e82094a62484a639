import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditLog } from '../../src/audit/audit-log.js';
import { AuditUnavailableError } from '../../src/errors.js';
import type { Runtime } from '../../src/engine/runtime.js';
import { serveHttp } from '../../src/transport/serve-http.js';
import { type OpenSite, openSite } from '../transport/open-site.js';
import { post, toolCall } from '../transport/http/post.js';
import { ask, endOf, person } from './calls.js';

const files = {
  'mxcp-site.yml': `
mxcp: 1
project: layers
profile: default
profiles:
  default:
    duckdb: {path: ':memory:', init: CREATE TABLE written(who VARCHAR)}
`,
  'tools/write.yml': `
mxcp: 1
tool:
  name: write
  description: Writes who asked, unless a rule of either side is against it.
  parameters:
    - {name: who, type: string}
    - {name: level, type: integer, default: 0}
    - {name: shown, type: boolean, default: true}
  return: {type: object, properties: {who: {type: string}, secret: {type: string}}}
  policies:
    input:
      - {id: input-rule, condition: level > 5, action: deny, reason: Too high}
    output:
      - {id: output-rule, condition: "!shown && response.who != ''", action: deny, reason: Not shown}
      - {id: no-secret, action: filter_fields, fields: [secret]}
  source:
    code: |
      INSERT INTO written SELECT $who WHERE $level >= 0 AND $shown IS NOT NULL;
      SELECT $who AS who, 'PLANTED' AS secret
`,
  'tools/read.yml': `
mxcp: 1
tool:
  name: read
  description: Says what was written.
  return: {type: array, items: {type: object, properties: {who: {type: string}}}}
  source: {code: SELECT who FROM written ORDER BY ALL}
`,
};

let site: OpenSite;
beforeAll(async () => {
  site = await openSite(files);
});
afterAll(() => site.close());

/** The site with its real audit log, of which some methods are other ones. */
function withAudit(changed: (audit: AuditLog) => Partial<AuditLog>): Runtime {
  const { audit } = site.runtime;
  const plain: AuditLog = {
    begin: (entry) => audit.begin(entry),
    append: (entry) => audit.append(entry),
    refuse: (entry) => audit.refuse(entry),
    writable: () => audit.writable(),
    status: () => audit.status(),
    close: () => audit.close(),
  };
  return { ...site.runtime, audit: { ...plain, ...changed(audit) } };
}

/** Notes what comes to the audit log, in order. `hold` keeps each outcome from being recorded until it resolves. */
function watched(order: string[], hold: Promise<void> = Promise.resolve()): Runtime {
  return withAudit((audit) => ({
    begin: async (entry) => {
      order.push('intent');
      await audit.begin(entry);
    },
    append: async (entry) => {
      order.push(`record of ${entry.operation_status}`);
      await hold;
      await audit.append(entry);
      order.push('recorded');
    },
    refuse: async (entry) => {
      order.push('record of a refusal');
      await audit.refuse(entry);
    },
  }));
}

const diskFull = (): Promise<never> => Promise.reject(new AuditUnavailableError('The disk is full'));

async function served<T>(runtime: Runtime, use: (url: string) => Promise<T>): Promise<T> {
  const settings = { ...site.runtime.project.transport.http, host: '127.0.0.1', port: 0 };
  const server = await serveHttp({ runtime: () => runtime, logger: site.logger, settings });
  try {
    return await use(server.url);
  } finally {
    await server.close(0);
  }
}

const written = async (): Promise<string> => endOf(await ask(site.runtime, undefined, 'read'));

describe('a call passes its layers in order', () => {
  it('authentication comes before everything: the message of a refused caller is not even read', async () => {
    const order: string[] = [];
    const answer = await served(watched(order), (url) =>
      post(url, '{ this is no JSON', { authorization: 'Bearer wrong-credential' }),
    );
    expect(answer.status).toBe(401);
    expect(order).toEqual(['record of a refusal']);
  });

  it.each(['modern', 'legacy'] as const)(
    'input rules come before the body: a denied body never runs (%s)',
    async (era) => {
      const order: string[] = [];
      const before = await written();
      const answer = await served(watched(order), (url) =>
        post(url, ...toolCall(era, 'write', { who: 'denied', level: 6 })),
      );
      expect(answer.messages[0]?.['result']).toMatchObject({ isError: true, _meta: { rule: 'input-rule' } });
      expect(order).toEqual(['record of error', 'recorded']);
      expect(await written()).toBe(before);
      expect(site.records().at(-2)).toMatchObject({ policies_evaluated: ['input-rule'] });
    },
  );

  it('arguments are checked before the body too', async () => {
    const before = await written();
    const outcome = await ask(site.runtime, undefined, 'write', { who: 'refused', level: 'high' });
    expect(endOf(outcome)).toBe('CALL_INVALID_ARGUMENTS');
    expect(await written()).toBe(before);
  });

  it('output rules come after the body: what was written is rolled back, and nothing of it leaves', async () => {
    const order: string[] = [];
    const before = await written();
    const answer = await served(watched(order), (url) =>
      post(url, ...toolCall('modern', 'write', { who: 'rolled back', shown: false })),
    );
    expect(answer.messages[0]?.['result']).toMatchObject({ isError: true, _meta: { rule: 'output-rule' } });
    expect(answer.text).not.toMatch(/rolled back|PLANTED/);
    expect(order).toEqual(['intent', 'record of error', 'recorded']);
    expect(await written()).toBe(before);
  });

  it('rules of both sides are on record in the order in which they were asked', async () => {
    const outcome = await ask(site.runtime, undefined, 'write', { who: 'in order' });
    expect(endOf(outcome)).toBe('{"who":"in order"}');
    expect(site.records().at(-1)).toMatchObject({
      operation_status: 'success',
      policy_decision: 'warn',
      policies_evaluated: ['input-rule', 'output-rule', 'no-secret'],
    });
  });

  it.each(['modern', 'legacy'] as const)('audit comes before the response (%s)', async (era) => {
    const order: string[] = [];
    let release = (): void => {};
    const hold = new Promise<void>((resolve) => (release = resolve));
    const runtime = watched(order, hold);
    await served(runtime, async (url) => {
      const asked = post(url, ...toolCall(era, 'write', { who: 'held' }));
      const answered = asked.then(() => order.push('response'));
      while (!order.includes('record of success')) await fetch(new URL('/healthz', url));
      await fetch(new URL('/healthz', url));
      expect(order).toEqual(['intent', 'record of success']);
      release();
      await answered;
      expect((await asked).text).toContain('held');
    });
    expect(order).toEqual(['intent', 'record of success', 'recorded', 'response']);
  });

  it.each(['modern', 'legacy'] as const)('what cannot be recorded does not leave (%s)', async (era) => {
    const runtime = withAudit(() => ({ append: diskFull }));
    const answer = await served(runtime, (url) => post(url, ...toolCall(era, 'read')));
    expect(answer.text).toContain('AUDIT_UNAVAILABLE');
    expect(answer.text).not.toContain('in order');
  });

  it('what cannot be announced does not run', async () => {
    const before = await written();
    const runtime = withAudit(() => ({ begin: diskFull }));
    const outcome = await ask(runtime, undefined, 'write', { who: 'not announced' });
    expect(endOf(outcome)).toBe('AUDIT_UNAVAILABLE');
    expect(await written()).toBe(before);
  });
});

describe('who did what', () => {
  it('is right in every record when two people call at once', async () => {
    const people = ['ann', 'bob'].map((name) => person({ userId: `id of ${name}`, username: name }));
    const asked = Array.from({ length: 100 }, (_, i) => ({
      who: people[i % 2],
      text: `${String(people[i % 2]?.username)} ${randomUUID()}`,
    }));
    const outcomes = await Promise.all(
      asked.map(({ who, text }) => ask(site.runtime, who, 'write', { who: text })),
    );
    const ids = new Map(outcomes.map(({ callId }, i) => [callId, asked[i]]));
    const records = site.records().filter((record) => ids.has(String(record['call_id'])));
    expect(records).toHaveLength(200);
    for (const record of records) {
      const { who, text } = ids.get(String(record['call_id'])) ?? {};
      expect(record).toMatchObject({
        username: who?.username,
        user_id: who?.userId,
        user_key: `local|${String(who?.userId)}`,
        identity_source: 'asserted',
        input_data: { who: text },
      });
    }
    const times = outcomes.map(
      ({ callId }) => records.find((record) => record['call_id'] === callId)?.['timestamp'],
    );
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('is one outcome on record for each answer under load, over HTTP', async () => {
    const answers = await served(site.runtime, (url) =>
      Promise.all(
        Array.from({ length: 200 }, (_, i) => {
          const name = ['read', 'write', 'nothing'][i % 3] ?? '';
          return post(
            url,
            ...toolCall(
              i % 2 === 0 ? 'modern' : 'legacy',
              name,
              name === 'write' ? { who: `load ${i}` } : {},
            ),
          );
        }),
      ),
    );
    const text = (value: unknown): string => JSON.stringify(value);
    const ids = answers.map((answer) => /"call_id":"([0-9a-f-]{36})"/.exec(text(answer.messages))?.[1]);
    expect(new Set(ids).size).toBe(200);
    const outcomes = site
      .records()
      .filter(
        (record) => ids.includes(String(record['call_id'])) && record['operation_status'] !== 'started',
      );
    expect(outcomes).toHaveLength(200);
  });
});
