import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listClients, revokeClient } from '../../../src/auth/issuer/manage-clients.js';
import { Browser } from './browser.js';
import {
  allow,
  authorizeRequest,
  dance,
  exchange,
  refresh,
  register,
  toConsent,
  type Dance,
} from './dance.js';
import { openSite, type Site } from './open-site.js';

const desk = {
  clientId: 'desk',
  name: 'The desk',
  redirectUris: ['https://client.example/callback', 'http://127.0.0.1:4999/callback'],
  origin: { file: 'config.yml', line: 1, column: 1 },
};
let site: Site;
beforeAll(async () => {
  site = await openSite({ clients: [desk] });
});
afterAll(() => site.close());

function danceAs(person: string, clientId?: string): Promise<Dance> {
  site.upstream.person = person;
  return dance(site, { ...(clientId !== undefined && { clientId }) });
}

const works = (value: string): Promise<boolean> =>
  site.issuer.authenticator.verify({ kind: 'bearer', value }).then(
    () => true,
    () => false,
  );
const known = async (id: string) => (await listClients(site.store, [desk])).find((one) => one.id === id);

describe('a client that is revoked for everybody', () => {
  it('loses the tokens and renewals of all people, its codes and its registration; others keep theirs', async () => {
    const id = await register(site);
    const [ada, ben, other] = [await danceAs('ada', id), await danceAs('ben', id), await danceAs('ada')];
    site.upstream.person = 'cleo';
    const browser = new Browser();
    const attempt = authorizeRequest(site, id);
    const answer = await allow(browser, await toConsent(browser, attempt));
    expect(await known(id)).toMatchObject({ name: 'Test client', origin: 'itself', people: 3 });

    await revokeClient(site.store, id);

    expect(await Promise.all([ada, ben].map(({ accessToken }) => works(accessToken)))).toEqual([
      false,
      false,
    ]);
    for (const { refreshToken } of [ada, ben])
      expect((await refresh(site, id, refreshToken)).body.error).toBe('invalid_client');
    expect((await exchange(site, id, attempt, answer)).body.error).toBe('invalid_client');
    expect((await toConsent(new Browser(), authorizeRequest(site, id))).status).toBe(400);
    expect(await known(id)).toBeUndefined();
    expect(await works(other.accessToken)).toBe(true);
  });

  it('does not come back when somebody lets it in just then', async () => {
    const id = await register(site);
    const { store } = site;
    const write = { put: store.put.bind(store), change: store.change.bind(store) };
    const browser = new Browser();
    const page = await toConsent(browser, authorizeRequest(site, id));
    let revoked = false;
    const revokeFirst = async (kind: string): Promise<void> => {
      if (kind !== 'oauth:Client') return;
      revoked = true;
      await revokeClient(store, id);
    };
    vi.spyOn(store, 'put').mockImplementation(async (...args) => {
      await revokeFirst(args[0]);
      return write.put(...args);
    });
    vi.spyOn(store, 'change').mockImplementation(async (...args) => {
      await revokeFirst(args[0]);
      return write.change(...args);
    });
    try {
      await browser.submit(page, 'decision', 'allow');
    } finally {
      vi.restoreAllMocks();
    }
    expect(revoked).toBe(true);
    expect(await known(id)).toBeUndefined();
  });

  it('may ask again when it is one of the configuration, and has nothing of before', async () => {
    const first = await danceAs('ada', 'desk');
    await revokeClient(site.store, 'desk');
    expect(await works(first.accessToken)).toBe(false);
    expect((await refresh(site, 'desk', first.refreshToken)).body.error).toBe('invalid_grant');
    expect(await known('desk')).toMatchObject({ name: 'The desk', origin: 'operator', people: 0 });
    expect(await works((await danceAs('ada', 'desk')).accessToken)).toBe(true);
  });

  it('asks people who had it remembered', async () => {
    const redirect_uri = 'https://client.example/callback';
    const browser = new Browser();
    site.upstream.person = 'dora';
    const page = await toConsent(browser, authorizeRequest(site, 'desk', { redirect_uri }));
    await allow(browser, page, { remember: ['yes'] });
    const asked = async (): Promise<boolean> => {
      const { text } = await toConsent(browser, authorizeRequest(site, 'desk', { redirect_uri }));
      return text.includes('name="decision"');
    };
    expect(await asked()).toBe(false);
    await revokeClient(site.store, 'desk');
    expect(await asked()).toBe(true);
  });
});

describe('the list of clients', () => {
  it('has those that nobody has let in yet, after those that were let in last', async () => {
    const waiting = await register(site, { client_name: 'Nobody let me in' });
    const used = await danceAs('emil');
    await works(used.accessToken);
    const all = await listClients(site.store, [desk]);
    const places = [used.clientId, waiting].map((id) => all.findIndex((one) => one.id === id));
    expect(places[0]).toBe(0);
    expect(places[1]).toBeGreaterThan(0);
    expect(all[0]).toMatchObject({ people: 1, lastUsedAt: expect.any(Number) as number });
    expect(await known(waiting)).toMatchObject({ name: 'Nobody let me in', people: 0 });
  });
});

it('is had without the library of the authorization server, which speaks on the console when it is loaded', async () => {
  vi.resetModules();
  vi.doMock('oidc-provider', () => {
    throw new Error('The library is loaded');
  });
  await expect(import('../../../src/auth/issuer/manage-clients.js')).resolves.toHaveProperty('listClients');
  vi.doUnmock('oidc-provider');
});
