import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refresh } from '../auth/issuer/dance.js';
import { send, toolNames } from '../transport/http/gate-site.js';
import { type PeopleSite, servePeople, type SignedIn, tags } from './people-site.js';

let site: PeopleSite;
beforeAll(async () => {
  site = await servePeople();
});
afterAll(() => site.close());

const everything = 'tag:files tag:database tag:web tag:memory';

const list = async ({ token }: Pick<SignedIn, 'token'>, query = ''): Promise<string[]> =>
  toolNames(await send(site.mcpUrl + query, 'modern', 'tools/list', {}, token));

async function callable({ token }: Pick<SignedIn, 'token'>): Promise<string[]> {
  const names: string[] = [];
  for (const name of Object.keys(tags)) {
    const { status, text } = await send(site.mcpUrl, 'modern', 'tools/call', { name }, token);
    if (status === 200 && text.includes(`\\"done\\":\\"${name}\\"`)) names.push(name);
  }
  return names.sort();
}

describe('people of three roles, who ask for everything and tick everything', () => {
  it.each([
    ['dana', 'developer', ['query_orders', 'read_file', 'recall', 'search_web']],
    ['alan', 'analyst', ['query_orders', 'search_web']],
    ['demi', 'demo', ['search_web']],
  ])('%s, %s, sees and may call exactly what the role allows', async (username, _role, tools) => {
    const who = await site.signedIn(username, everything);
    expect(await list(who)).toEqual(tools);
    expect(await callable(who)).toEqual(tools);
    const granted = (who.answer.scope ?? '').split(' ').filter((scope) => scope.startsWith('tag:'));
    expect(granted).toHaveLength(tools.length);
    expect(who.answer).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
  });

  it('a token without scopes sees nothing that needs one, whatever the role, and no filter changes that', async () => {
    const who = await site.signedIn('dana');
    expect(await list(who)).toEqual([]);
    expect(await callable(who)).toEqual([]);
    for (const query of ['?tags=web', '?tags=-web', '?tags=', '?tags=*', '?tags=web&tags=safe'])
      expect(await list(who, query)).toEqual([]);
  });

  it('a token with one tag reaches that one only, in every form of the URL', async () => {
    const who = await site.signedIn('dana', everything, { scope: ['tag:web'] });
    expect(await callable(who)).toEqual(['search_web']);
    for (const query of ['', '?tags=web', '?tags=safe', '?tags=web,files', '?TAGS=files'])
      expect(await list(who, query)).toEqual(['search_web']);
    for (const query of ['?tags=-files', '?tags=files', '?tags=!web', '?tags=web&tags=files'])
      expect(await list(who, query)).toEqual([]);
  });

  it('a role that somebody lost is lost to every token, as soon as the provider says so', async () => {
    const who = await site.signedIn('alan', everything);
    const alan = site.standIn.users.get('alan');
    if (alan) alan.facts = { role: 'demo' };
    await site.signedIn('alan', everything);
    await expect.poll(() => list(who), { timeout: 3000 }).toEqual(['search_web']);
  });
});

describe('two people at once', () => {
  it('have rights of their own, and records of their own', async () => {
    const people = {
      dana: await site.signedIn('dana', everything),
      demi: await site.signedIn('demi', everything),
    };
    const before = site.records().length;
    const rounds = Array.from({ length: 10 }, () => Object.entries(people)).flat();
    const answers = await Promise.all(
      rounds.map(async ([username, { token }]) => {
        const answer = await send(site.mcpUrl, 'modern', 'tools/call', { name: 'recall' }, token);
        return [username, answer.text.includes('\\"done\\"')];
      }),
    );
    expect(answers).toEqual(rounds.map(([username]) => [username, username === 'dana']));
    const records = site
      .records()
      .slice(before)
      .filter((record) => record['operation_status'] !== 'started');
    const seen = records.map(
      ({ username, policy_decision: decision, client_id: client }) =>
        `${String(username)} ${String(decision)} ${String(client)}`,
    );
    expect(seen.sort()).toEqual(
      rounds
        .map(([username, { clientId }]) => `${username} ${username === 'dana' ? 'n/a' : 'deny'} ${clientId}`)
        .sort(),
    );
  });
});

describe('signing in, the session, its renewal and its record', () => {
  it('are one thing: each event of a day is there, in order, and what was ended is ended', async () => {
    const before = site.records().length;
    expect((await send(site.mcpUrl, 'legacy', 'tools/list')).status).toBe(401);
    const who = await site.signedIn('demi', everything);
    expect(await callable(who)).toEqual(['search_web']);

    const { body } = await refresh(site, who.clientId, who.refreshToken);
    const renewed = { token: body.access_token ?? '' };
    expect(body.scope).toBe(who.answer.scope);
    expect(await callable(renewed)).toEqual(['search_web']);

    const account = await who.browser.request(`${site.url}/oauth`);
    expect(account.text).toContain('Test client');
    await who.browser.submit(account, 'action', 'revoke-everything');
    expect((await who.browser.request(`${site.url}/oauth`)).text).toContain('Sign in with');
    expect((await refresh(site, who.clientId, body.refresh_token ?? '')).body.error).toBe('invalid_grant');
    await expect
      .poll(async () => (await send(site.mcpUrl, 'legacy', 'tools/list', {}, renewed.token)).status, {
        timeout: 3000,
      })
      .toBe(401);

    const events = site
      .records()
      .slice(before)
      .filter((record) => record['operation_type'] === 'auth')
      .map(({ operation_name: name, operation_status: status }) => `${String(name)} ${String(status)}`);
    expect(events).toEqual([
      'admit error',
      'client-registration success',
      'sign-in success',
      'upstream-connect success',
      'consent success',
      'token-issue success',
      'token-refresh success',
      'grant-revoke success',
      'token-refresh error',
      'admit error',
    ]);
    const issued = site
      .records()
      .slice(before)
      .filter((record) => record['operation_name'] === 'token-issue');
    expect(issued).toMatchObject([{ username: expect.any(String) as string, provider: 'corp' }]);
  });
});

it('default scopes that come twice, or that nothing needs, keep no client out, and no metadata lead one to ask for them', async () => {
  const authorization = "default_scopes: ['tag:web', 'tag:web', 'orders:read']";
  const own = await servePeople({ authorization });
  const { answer } = await own.signedIn('dana');
  const metadata = await fetch(`${own.url}/.well-known/oauth-authorization-server`);
  const { scopes_supported: supported } = (await metadata.json()) as { scopes_supported: string[] };
  const resource = await fetch(`${own.url}/.well-known/oauth-protected-resource/mcp`);
  const { scopes_supported: needed } = (await resource.json()) as { scopes_supported: string[] };
  await own.close();
  expect(answer.scope).toBe('mcp tag:web');
  expect([supported, needed]).toEqual([
    ['mcp', 'tag:web'],
    ['mcp', 'tag:web'],
  ]);
});

it('no role takes away what everybody who signed in holds: a site may ask all callers for it', async () => {
  const own = await servePeople({ authorization: 'required_scopes: [mcp]' });
  const { token } = await own.signedIn('dana', 'tag:web');
  const seen = toolNames(await send(own.mcpUrl, 'legacy', 'tools/list', {}, token));
  await own.close();
  expect(seen).toEqual(['search_web']);
});
