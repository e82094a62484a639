import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PeopleSite, servePeople } from './people-site.js';

let site: PeopleSite;
beforeAll(async () => {
  site = await servePeople({ rates: 'per_user: 600/min' });
});
afterAll(() => site.close());

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Endpoint → how many requests of one address it takes at once, without being asked for limits. */
const bursts: readonly (readonly [string, RequestInit, number])[] = [
  ['/oauth/register', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }, 10],
  ['/oauth/token', { method: 'POST', headers: form, body: 'grant_type=refresh_token' }, 30],
  ['/oauth/authorize?client_id=x', {}, 30],
  ['/oauth', {}, 30],
];

describe('the authorization server', () => {
  it.each(bursts)('a flood at %s is refused with when to come back', async (path, init, burst) => {
    const statuses: number[] = [];
    let last: Response | undefined;
    for (let i = 0; i < burst + 5; i += 1) {
      const headers = new Headers(init.headers);
      headers.set('x-forwarded-for', `10.0.0.${i}`);
      last = await fetch(site.url + path, { ...init, headers });
      await last.arrayBuffer();
      statuses.push(last.status);
    }
    // A token comes back every few seconds: one more may have been let in.
    expect(statuses.slice(0, burst)).not.toContain(429);
    expect(statuses.slice(burst).filter((status) => status === 429).length).toBeGreaterThanOrEqual(4);
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('has these refusals on record; beyond a rate they are counted', () => {
    const codes = site.records().map((record) => record['error_code']);
    expect(codes).toContain('CALL_RATE_LIMITED');
  });
});

describe('an address that has used up its tries', () => {
  let narrow: PeopleSite;
  const once = '{rate: 1/min, burst: 1}';
  const routes: readonly (readonly [string, RequestInit])[] = [
    ['/oauth/authorize', {}],
    ['/oauth/sign-in/corp', {}],
    ['/oauth/interaction/x/sign-in/corp', {}],
    ['/signed-in', {}],
    ['/oauth/interaction/x', {}],
    ['/oauth/interaction/x', { method: 'POST', headers: form, body: '' }],
    ['/oauth/authorize/x', {}],
    ['/oauth', {}],
    ['/oauth', { method: 'POST', headers: form, body: '' }],
    ['/oauth/token', { method: 'POST', headers: form, body: '' }],
    ['/oauth/revoke', { method: 'POST', headers: form, body: '' }],
    ['/oauth/register', { method: 'POST', headers: form, body: '' }],
  ];
  const ask = async (path: string, init: RequestInit) => (await fetch(narrow.url + path, init)).status;

  beforeAll(async () => {
    const rates = `sign_in: ${once}, consent: ${once}, token: ${once}, registration: ${once}`;
    narrow = await servePeople({ rates, provider: 'callback_path: /signed-in' });
    for (const [path, init] of routes) await ask(path, init);
  });
  afterAll(() => narrow.close());

  it.each(routes)('is refused at %s', async (path, init) => {
    expect(await ask(path, init)).toBe(429);
  });

  it('still gets a 404 where there is nothing', async () => {
    expect(await ask('/nothing', {})).toBe(404);
  });
});
