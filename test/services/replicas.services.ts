import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { signedIn, type SignedIn } from '../acceptance/people-site.js';
import { Browser } from '../auth/issuer/browser.js';
import {
  allow,
  atClient,
  authorizeRequest,
  exchange,
  refresh,
  register,
  token,
} from '../auth/issuer/dance.js';
import { signIn } from '../auth/stand-ins/sign-in.js';
import { mxcp, serve, writeSite } from '../e2e/program.js';
import { modern, modernHeaders, post } from '../transport/http/post.js';
import { bearer, call } from './call.js';
import { startFleet, type Fleet, type Replica } from './fleet.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.close());
afterEach(() => {
  fleet.balancer.only = undefined;
});

function replica(index: number): Replica {
  const found = fleet.replicas[index];
  if (found === undefined) throw new Error(`There is no replica ${index}`);
  return found;
}

/** From now on the balancer knows only this replica. */
function at(index: number): void {
  fleet.balancer.only = replica(index).origin;
}

const connect = (person: string, scope?: string): Promise<SignedIn> =>
  signedIn(fleet, fleet.standIn, person, scope);

/** Whether a replica takes a token; listing is no call, so that no limit of calls is touched. */
async function takes(index: number, headers: Readonly<Record<string, string>>): Promise<boolean> {
  const url = `${replica(index).origin}/mcp`;
  const { status } = await post(url, modern('tools/list'), { ...modernHeaders('tools/list'), ...headers });
  if (status !== 200 && status !== 401) throw new Error(`The replica answered ${status}`);
  return status === 200;
}

/** Milliseconds from now to the last question that any replica still answered for this credential. */
async function lastTaken(headers: Readonly<Record<string, string>>): Promise<number> {
  const begin = performance.now();
  const ofOne = async (index: number): Promise<number> => {
    let last = 0;
    for (;;) {
      const sent = performance.now() - begin;
      if (!(await takes(index, headers))) return last;
      last = sent;
      if (sent > 10_000) return sent;
    }
  };
  return Math.max(...(await Promise.all([ofOne(0), ofOne(1)])));
}

describe('two replicas with one Redis', () => {
  it('share a sign-in whose every request comes to the other one', async () => {
    fleet.balancer.answered.clear();
    const { token: access, answer } = await connect('ada', 'tag:orders');
    expect(answer.scope).toBe('mcp tag:orders');
    for (let count = 0; count < 2; count += 1)
      expect((await call(fleet.mcpUrl, bearer(access), 'orders')).status).toBe(200);
    const counts = [replica(0), replica(1)].map(({ origin }) => fleet.balancer.answered.get(origin) ?? 0);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(4);
    expect(Math.abs((counts[0] ?? 0) - (counts[1] ?? 0))).toBeLessThanOrEqual(1);
  });

  it('take calls and refreshes of somebody who signed in at the other one', async () => {
    at(0);
    const { token: access, clientId, refreshToken } = await connect('ada', 'tag:orders');
    at(1);
    expect((await call(fleet.mcpUrl, bearer(access), 'orders')).status).toBe(200);
    const second = await refresh(fleet, clientId, refreshToken);
    at(0);
    expect((await call(fleet.mcpUrl, bearer(second.body.access_token ?? ''), 'orders')).status).toBe(200);
    const third = await refresh(fleet, clientId, second.body.refresh_token ?? '');
    expect(third.status).toBe(200);
    at(1);
    expect((await call(fleet.mcpUrl, bearer(third.body.access_token ?? ''), 'orders')).status).toBe(200);
  });

  it('ask a human at one and take the answer at the other, once in all', async () => {
    const { token: access } = await connect('ada');
    const round = async (index: number, rest: object): Promise<Record<string, unknown>> => {
      const _meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };
      const message = JSON.parse(modern('tools/call')) as { params: { _meta: object } };
      const params = { name: 'refund', arguments: { order: 7 }, ...rest };
      const body = { ...message, params: { ...params, _meta: { ...message.params._meta, ..._meta } } };
      const headers = { ...modernHeaders('tools/call', 'refund'), ...bearer(access) };
      const { messages } = await post(`${replica(index).origin}/mcp`, JSON.stringify(body), headers);
      return (messages.find((each) => 'result' in each)?.['result'] ?? {}) as Record<string, unknown>;
    };
    const { requestState } = await round(0, {});
    const answer = { requestState, inputResponses: { sure: { action: 'accept', content: { sure: true } } } };
    expect((await round(1, answer))['structuredContent']).toEqual({ refunded: true });
    expect((await round(1, answer))['structuredContent']).toBeUndefined();
    expect((await round(0, answer))['structuredContent']).toBeUndefined();
  });

  it('both turn a token away within a second of its revocation at one of them', async () => {
    const { token: access, clientId } = await connect('ben');
    expect(await Promise.all([takes(0, bearer(access)), takes(1, bearer(access))])).toEqual([true, true]);
    at(0);
    const url = `${fleet.url}/oauth/revoke`;
    const fields = { token: access, client_id: clientId };
    expect((await fetch(url, { method: 'POST', body: new URLSearchParams(fields) })).status).toBe(200);
    expect(await lastTaken(bearer(access))).toBeLessThanOrEqual(1_000);
  });

  it('both turn a person away within a second who ends everything on the account page of one', async () => {
    const { token: access, browser, clientId, refreshToken } = await connect('cleo');
    expect(await Promise.all([takes(0, bearer(access)), takes(1, bearer(access))])).toEqual([true, true]);
    at(1);
    const account = await browser.request(`${fleet.url}/oauth`);
    await browser.submit(account, 'action', 'revoke-everything');
    expect(await lastTaken(bearer(access))).toBeLessThanOrEqual(1_000);
    at(0);
    expect((await refresh(fleet, clientId, refreshToken)).body.error).toBe('invalid_grant');
    expect((await browser.request(`${fleet.url}/oauth`)).text).toContain('Sign in with');
  });

  it('both turn an API key away within a second of its revocation by the command line', async () => {
    const made = await mxcp(replica(0).site, ['keys', 'create', 'batch', '--role', 'clerk', '--json']);
    const { result } = JSON.parse(made.stdout) as { result: { key: string } };
    const headers = { 'x-api-key': result.key };
    expect(await Promise.all([takes(0, headers), takes(1, headers)])).toEqual([true, true]);
    expect((await mxcp(replica(1).site, ['keys', 'revoke', 'batch'])).code).toBe(0);
    expect(await lastTaken(headers)).toBeLessThanOrEqual(1_000);
  });

  it('both turn an application away, whoever uses it, within a second of its revocation by the command line', async () => {
    const [ada, ben] = [await connect('ada'), await connect('ben')];
    for (const { token: access, clientId, refreshToken } of [ada, ben]) {
      expect(await Promise.all([takes(0, bearer(access)), takes(1, bearer(access))])).toEqual([true, true]);
      expect((await mxcp(replica(0).site, ['clients', 'revoke', clientId])).code).toBe(0);
      expect(await lastTaken(bearer(access))).toBeLessThanOrEqual(1_000);
      expect((await refresh(fleet, clientId, refreshToken)).body.error).toBe('invalid_client');
    }
  });

  it('count the calls of a person together', async () => {
    const { token: access } = await connect('dora');
    const begin = performance.now();
    let allowed = 0;
    let retryAfter: string | null = null;
    for (let count = 0; count < 60; count += 1) {
      const [body, headers] = [modern('tools/call', { name: 'greeting', arguments: {} }), bearer(access)];
      const own = modernHeaders('tools/call', 'greeting');
      const answer = await post(`${replica(count % 2).origin}/mcp`, body, { ...own, ...headers });
      if (answer.status === 200) allowed += 1;
      else {
        expect(answer.status).toBe(429);
        retryAfter = answer.headers.get('retry-after');
      }
    }
    const refilled = Math.ceil((performance.now() - begin) / 1_000); // 60 a minute
    expect(allowed).toBeGreaterThanOrEqual(30);
    expect(allowed).toBeLessThanOrEqual(30 + refilled);
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  });

  it('do not start beside the others with another secret, nor with none', async () => {
    for (const env of [{ MXCP_SECRET_KEY: 'a secret that the others do not have' }, {}]) {
      const other = writeSite(fleet.files, env);
      await expect(serve(other)).rejects.toThrow(/secret/);
      other.remove();
    }
  });
});

describe('a replica that is killed', () => {
  it('takes nothing with it but the request in flight', async () => {
    const survivor = await fleet.grow();
    const victim = await fleet.grow();
    fleet.balancer.backends = [victim.origin, survivor.origin];
    fleet.balancer.only = victim.origin;
    const emil = await connect('emil', 'tag:orders');
    const fay = await connect('fay', 'tag:orders');
    const browser = new Browser();
    const clientId = await register(fleet);
    const attempt = authorizeRequest(fleet, clientId, { scope: 'tag:orders' });
    const away = (url: URL): boolean => atClient(url) || url.origin === fleet.standIn.url;
    const page = await browser.go(attempt.url, away);
    const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1] ?? '';
    const { location = '' } = await browser.go(link, away);
    const inFlight = call(fleet.mcpUrl, bearer(emil.token), 'wait');
    await expect
      .poll(() => victim.server.said.stdout + victim.server.said.stderr, { timeout: 10_000 })
      .toContain('waits from here on');
    await victim.server.kill();
    fleet.balancer.only = undefined;

    expect((await inFlight).status).toBe(502);
    const consent = await browser.go(await signIn(fleet.standIn, location, 'gus'), away);
    const { body } = await exchange(fleet, clientId, attempt, await allow(browser, consent));
    expect(body.scope).toBe('mcp tag:orders');
    for (const access of [body.access_token ?? '', emil.token, fay.token])
      expect((await call(fleet.mcpUrl, bearer(access), 'orders')).status).toBe(200);
    expect((await refresh(fleet, emil.clientId, emil.refreshToken)).status).toBe(200);
  });

  it('may have answered a refresh that its client never heard: the client asks another one again', async () => {
    at(0);
    const { clientId, refreshToken } = await connect('fay');
    fleet.balancer.loseNextAnswer = true;
    const fields = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken };
    await expect(token(fleet, fields)).rejects.toThrow();
    at(1);
    const again = await refresh(fleet, clientId, refreshToken);
    expect(again.status).toBe(200);
    expect(await takes(0, bearer(again.body.access_token ?? ''))).toBe(true);
  });
});
