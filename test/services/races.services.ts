import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedIn } from '../acceptance/people-site.js';
import { Browser, type Seen } from '../auth/issuer/browser.js';
import {
  type Address,
  allow,
  atClient,
  authorizeRequest,
  exchange,
  redirectUri,
  refresh,
  register,
} from '../auth/issuer/dance.js';
import { signIn } from '../auth/stand-ins/sign-in.js';
import { modern, modernHeaders, post } from '../transport/http/post.js';
import { bearer } from './call.js';
import { startFleet, type Fleet } from './fleet.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.close());

/** The replicas in turn, without the balancer: what is sent at a time arrives at a time. */
function everywhere<T>(count: number, work: (at: Address) => Promise<T>): Promise<T[]> {
  const at = (index: number): Address => {
    const { origin = '' } = fleet.replicas[index % fleet.replicas.length] ?? {};
    return { url: origin, mcpUrl: fleet.mcpUrl };
  };
  return Promise.all(Array.from({ length: count }, (_, index) => work(at(index))));
}

const away = (url: URL): boolean => atClient(url) || url.origin === fleet.standIn.url;
const moved = (href: string, { url }: Address): string => href.replace(fleet.url, url);

async function atProvider(browser: Browser, person: string) {
  const clientId = await register(fleet);
  const attempt = authorizeRequest(fleet, clientId, { scope: 'tag:orders' });
  const page = await browser.go(attempt.url, away);
  const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1] ?? '';
  const { location = '' } = await browser.go(link, away);
  return { clientId, attempt, back: await signIn(fleet.standIn, location, person) };
}

async function takes(token: string | undefined): Promise<boolean> {
  const headers = { ...modernHeaders('tools/list'), ...bearer(token ?? '') };
  return (await post(fleet.mcpUrl, modern('tools/list'), headers)).status === 200;
}

/** The same request of one browser, at another replica: its cookies are of the public address. */
function again(browser: Browser, href: string, at: Address, init: RequestInit = {}): Promise<Seen> {
  const headers = {
    ...Object.fromEntries(new Headers(init.headers)),
    cookie: browser.cookiesFor(new URL(href)),
  };
  return new Browser().request(moved(href, at), { ...init, headers });
}

describe('two replicas that are asked the same at the same time', () => {
  it('redeem a code once, and then not even that counts', async () => {
    const browser = new Browser();
    const { clientId, attempt, back } = await atProvider(browser, 'ada');
    const answer = await allow(browser, await browser.go(back, away));
    const all = await everywhere(8, (at) => exchange(at, clientId, attempt, answer));
    const given = all.filter(({ status }) => status === 200);
    expect(given.length).toBeLessThanOrEqual(1);
    expect(await Promise.all(given.map(({ body }) => takes(body.access_token)))).not.toContain(true);
  });

  it('give one pair for a refresh token, and three more within the grace', async () => {
    const { clientId, refreshToken } = await signedIn(fleet, fleet.standIn, 'ben');
    const all = await everywhere(12, (at) => refresh(at, clientId, refreshToken));
    const given = all.filter(({ status }) => status === 200);
    expect(given.length).toBeGreaterThanOrEqual(1);
    expect(given.length).toBeLessThanOrEqual(4);
  });

  it('take a state back once', async () => {
    const browser = new Browser();
    const { back } = await atProvider(browser, 'ada');
    const all = await everywhere(6, (at) => again(browser, back.href, at));
    expect(all.map(({ status }) => status).toSorted()).toEqual([303, 400, 400, 400, 400, 400]);
  });

  it('keep one grant of one consent, and one code of it works', async () => {
    const browser = new Browser();
    const { clientId, attempt, back } = await atProvider(browser, 'dora');
    const page = await browser.go(back, away);
    const form_token = /name="form_token" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
    const send = (at: Address) => {
      const body = new URLSearchParams([
        ['form_token', form_token],
        ['decision', 'allow'],
        ['scope', 'tag:orders'],
      ]);
      return again(browser, page.url.href, at, { method: 'POST', body });
    };
    const sent = await everywhere(6, send);
    const resume = sent.find(({ location }) => location !== undefined)?.location ?? '';
    const resumed = await everywhere(6, (at) => again(browser, resume, at));
    const answers = resumed.flatMap(({ location }) =>
      location?.startsWith(redirectUri) === true ? [new URL(location)] : [],
    );
    expect(answers.length).toBeGreaterThanOrEqual(1);
    const tokens = await Promise.all(answers.map((answer) => exchange(fleet, clientId, attempt, answer)));
    const granted = new Set(tokens.filter(({ status }) => status === 200).map(({ body }) => body.scope));
    expect([...granted]).toEqual(['mcp tag:orders']);
    // The browser's session has moved on with one of the answers: another one looks, with a grant of its own.
    const { browser: other } = await signedIn(fleet, fleet.standIn, 'dora');
    const account = await other.request(`${fleet.url}/oauth`);
    expect(account.text.match(/value="revoke-grant"/g)).toHaveLength(2);
  });

  it('end a family everywhere when its token comes back from a thief, wherever that is', async () => {
    const { clientId, token, refreshToken } = await signedIn(fleet, fleet.standIn, 'cleo');
    for (let times = 0; times < 4; times += 1) await refresh(fleet, clientId, refreshToken);
    const late = await everywhere(2, (at) => refresh(at, clientId, refreshToken));
    expect(late.map(({ body }) => body.error)).toEqual(['invalid_grant', 'invalid_grant']);
    await expect.poll(() => takes(token), { timeout: 5_000 }).toBe(false);
  });
});
