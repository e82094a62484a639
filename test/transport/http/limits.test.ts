import { afterEach, describe, expect, it } from 'vitest';
import { eras, type GateSite, send, serveGate } from './gate-site.js';
import { legacy, post } from './post.js';

let site: GateSite | undefined;

async function serve(rate: string, open?: true): Promise<GateSite> {
  const http = { settings: { trustProxy: ['127.0.0.1'] } };
  site = await serveGate({ rate, http, ...(open && { open, authorization: '{}' }) });
  return site;
}

afterEach(async () => {
  await site?.close();
  site = undefined;
});

const plain = { name: 'plain', arguments: {} };

describe.each(eras)('calls of the %s era over a limit', (era) => {
  it('get 429 with when to come back, while others go on', async () => {
    const { url, issuer, records } = await serve('{per_user: {rate: 60/min, burst: 3}}');
    const ada = await issuer.sign({ sub: 'ada' });
    const answers = [];
    for (let index = 0; index < 4; index += 1) answers.push(await send(url, era, 'tools/call', plain, ada));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const left = answers.map(({ headers }) => headers.get('x-ratelimit-remaining'));
    expect(left).toEqual(['2', '1', '0', '0']);
    for (const { headers } of answers) {
      expect(headers.get('x-ratelimit-limit')).toBe('3');
      expect(headers.get('x-ratelimit-reset')).toMatch(/^\d+$/);
    }
    expect(answers[3]?.headers.get('retry-after')).toBe('1');
    expect(answers[3]?.messages[0]?.['error']).toMatchObject({
      data: { code: 'CALL_RATE_LIMITED', retry_after: 1 },
    });
    const bob = await issuer.sign({ sub: 'bob' });
    expect((await send(url, era, 'tools/call', plain, bob)).status).toBe(200);
    expect(records().at(-2)).toMatchObject({
      error_code: 'CALL_RATE_LIMITED',
      error: 'Too many calls (limit per_user)',
      operation_name: 'plain',
    });
  });

  it('are not what handshakes, discovery and lists are', async () => {
    const { url, issuer } = await serve('{per_user: {rate: 1/min, burst: 1}}');
    const token = await issuer.sign();
    const methods =
      era === 'modern' ? ['server/discover', 'tools/list'] : ['ping', 'tools/list', 'prompts/list'];
    for (let index = 0; index < 5; index += 1)
      for (const method of methods) expect((await send(url, era, method, {}, token)).status).toBe(200);
    expect((await send(url, era, 'tools/call', plain, token)).status).toBe(200);
    expect((await send(url, era, 'tools/call', plain, token)).status).toBe(429);
  });

  it('are counted for resources, prompts, completions and names that do not exist too', async () => {
    const { url, issuer } = await serve('{per_user: {rate: 1/min, burst: 4}}');
    const token = await issuer.sign({ scope: 'tag:hr' });
    const ref = { type: 'ref/prompt', name: 'review' };
    await send(url, era, 'resources/read', { uri: 'plan://2026' }, token);
    await send(url, era, 'prompts/get', { name: 'review', arguments: { tone: 'kind' } }, token);
    await send(url, era, 'completion/complete', { ref, argument: { name: 'tone', value: 'k' } }, token);
    await send(url, era, 'tools/call', { name: 'nothing', arguments: {} }, token);
    expect((await send(url, era, 'resources/read', { uri: 'plan://2026' }, token)).status).toBe(429);
  });
});

describe('the statistics of limits', () => {
  const statistics = (lines: readonly string[]): string[] =>
    lines.filter((line) => line.startsWith('limits refused calls'));

  it('are in the log at the end when calls were refused, without who called', async () => {
    const { url, issuer, logger, close } = await serve('{per_user: {rate: 60/min, burst: 3}}');
    const token = await issuer.sign({ sub: 'ada' });
    for (let call = 0; call < 4; call += 1) await send(url, 'legacy', 'tools/call', plain, token);
    await close();
    site = undefined;
    const [line = ''] = statistics(logger.lines);
    const { limits } = JSON.parse(line.slice(line.indexOf('{'))) as { limits: unknown };
    const perUser = {
      tier: 'per_user',
      requestsPerMinute: 60,
      burst: 3,
      total: 4,
      rejected: 1,
      successRate: 75,
    };
    expect(limits).toContainEqual(expect.objectContaining(perUser));
    expect(line).not.toContain('ada');
  });

  it('are not there when none was refused', async () => {
    const { url, issuer, logger, close } = await serve('{per_user: {rate: 60/min, burst: 3}}');
    await send(url, 'legacy', 'tools/call', plain, await issuer.sign());
    await close();
    site = undefined;
    expect(statistics(logger.lines)).toEqual([]);
  });
});

describe('tiers', () => {
  it('count a client, whoever uses it', async () => {
    const { url, issuer } = await serve('{per_client: {rate: 1/min, burst: 2}}');
    const call = async (sub: string, client_id: string) =>
      (await send(url, 'legacy', 'tools/call', plain, await issuer.sign({ sub, client_id }))).status;
    expect([await call('a', 'desk'), await call('b', 'desk'), await call('c', 'desk')]).toEqual([
      200, 200, 429,
    ]);
    expect(await call('c', 'phone')).toBe(200);
  });

  it('count an endpoint, without betraying one that the caller does not see', async () => {
    const { url, issuer } = await serve('{per_endpoint: {rate: 1/min, burst: 1}}');
    const call = async (name: string, claims: object) =>
      send(url, 'legacy', 'tools/call', { name, arguments: {} }, await issuer.sign({ ...claims }));
    expect((await call('plain', {})).status).toBe(200);
    expect((await call('plain', { sub: 'bob' })).status).toBe(429);
    const chief = { sub: 'chief', role: 'chief', scope: 'tag:hr tag:pay' };
    await call('salary', chief);
    expect((await call('salary', chief)).status).toBe(429);
    const hidden = await call('salary', { sub: 'clerk', scope: 'tag:hr tag:pay' });
    expect(hidden.text).toMatch(/Unknown tool/);
    expect(hidden.headers.get('x-ratelimit-limit')).not.toBe('1');
  });

  it('count an address before its credential is looked at, forged headers or not', async () => {
    const { url } = await serve('{per_address: {rate: 1/min, burst: 3}}');
    const ask = async (headers: Record<string, string>) =>
      (await post(url, legacy('ping'), { authorization: 'Bearer wrong', ...headers })).status;
    const from = (address: string) => ({ 'x-forwarded-for': address });
    expect(await ask(from('2001:db8::1'))).toBe(401);
    expect(await ask(from('2001:db8::2'))).toBe(401);
    expect(await ask(from('2001:db8:0:0:ffff::3'))).toBe(401);
    expect(await ask(from('2001:db8::4'))).toBe(429);
    expect(await ask(from('2001:db8:1::1'))).toBe(401);
    // Only the hop that the trusted proxy itself saw counts, not what its client wrote before.
    for (const spoofed of ['9.9.9.1', '9.9.9.2', '9.9.9.3']) await ask(from(`${spoofed}, 203.0.113.7`));
    expect(await ask(from('9.9.9.4, 203.0.113.7'))).toBe(429);
  });

  it('let a batch through call by call', async () => {
    const { url, issuer } = await serve('{per_user: {rate: 1/min, burst: 2}}');
    const body = [1, 2, 3].map((id) => JSON.parse(legacy('tools/call', plain, id)) as object);
    const answer = await post(url, JSON.stringify(body), { authorization: `Bearer ${await issuer.sign()}` });
    expect(answer.status).toBe(200);
    const messages = answer.text.startsWith('[')
      ? (JSON.parse(answer.text) as Record<string, unknown>[])
      : answer.messages;
    const refused = messages.filter(({ result }) => (result as { isError?: boolean }).isError === true);
    expect(refused).toMatchObject([{ result: { _meta: { code: 'CALL_RATE_LIMITED' } } }]);
  });
});

describe('nobody is limited', () => {
  it('at this machine without sign-in, and everybody else is, by address', async () => {
    const { url } = await serve('{per_user: {rate: 1/min, burst: 2}}', true);
    const call = async (headers: Record<string, string> = {}) =>
      (await post(url, legacy('tools/call', plain), headers)).status;
    for (let index = 0; index < 5; index += 1) expect(await call()).toBe(200);
    const far = { 'x-forwarded-for': '203.0.113.7' };
    expect([await call(far), await call(far), await call(far)]).toEqual([200, 200, 429]);
    const local = { 'x-forwarded-for': '127.0.0.1' };
    expect([await call(local), await call(local), await call(local)]).toEqual([200, 200, 429]);
  });
});

describe('a flood of refused calls', () => {
  it('is on record singly up to a rate, and counted beyond it', async () => {
    const { url, issuer, records, runtime } = await serve('{per_user: {rate: 1/min, burst: 1}}');
    const token = await issuer.sign();
    for (let round = 0; round < 10; round += 1)
      await Promise.all(Array.from({ length: 30 }, () => send(url, 'legacy', 'tools/call', plain, token)));
    const singles = records().filter(({ error_code }) => error_code === 'CALL_RATE_LIMITED');
    expect(singles.length).toBe(60);
    await runtime.close();
    const counted = records().filter(
      ({ error_code, input_data }) =>
        error_code === 'CALL_RATE_LIMITED' && (input_data as { count?: number }).count !== undefined,
    );
    expect(counted).toMatchObject([{ input_data: { count: 239 }, user_key: `${issuer.url}|ada` }]);
  });
});
