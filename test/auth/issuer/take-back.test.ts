import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Browser } from './browser.js';
import { dance } from './dance.js';
import { openSite, type Site } from './open-site.js';

let site: Site;
beforeAll(async () => {
  site = await openSite({ facts: { isAdmin: ({ username }) => username === 'root' } });
});
afterAll(() => site.close());
afterEach(() => {
  Object.assign(site.upstream, { person: 'ada', down: false });
  site.upstream.takenBack.length = 0;
});

async function press(browser: Browser, action: string, target?: string) {
  const page = await browser.go(`${site.url}/oauth`);
  const fields = target === undefined ? {} : { action: [action], target: [target] };
  return browser.submit(page, 'action', target === undefined ? action : 'sign-out', fields);
}

async function danceAs(person: string) {
  site.upstream.person = person;
  return dance(site);
}

const tokensOf = async (key: string) =>
  (await site.store.list('oauth:Account'))
    .map(({ value }) => JSON.stringify(value))
    .filter((each) => each.includes(key));

it('has the provider take back the refresh token of whoever disconnects, on record', async () => {
  const { browser } = await danceAs('ivy');
  const [before = ''] = await tokensOf('acme|id-of-ivy');
  await press(browser, 'disconnect');
  expect(site.upstream.takenBack).toHaveLength(1);
  expect(before).toContain(site.upstream.takenBack[0]);
  expect((await tokensOf('acme|id-of-ivy'))[0]).not.toContain('upstream-refresh');
  expect(site.events.slice(-2)).toMatchObject([
    { event: 'upstream-disconnect', outcome: 'success' },
    { event: 'upstream-revoke', outcome: 'success', userKey: 'acme|id-of-ivy', provider: 'acme' },
  ]);
});

it('disconnects also where the provider is down, and has it on record that the tokens live on there', async () => {
  const { browser } = await danceAs('tom');
  site.upstream.down = true;
  expect((await press(browser, 'disconnect')).status).toBe(303);
  expect((await tokensOf('acme|id-of-tom'))[0]).not.toContain('upstream-refresh');
  expect(site.events.at(-1)).toMatchObject({ event: 'upstream-revoke', outcome: 'failure' });
});

it('waits for a provider that does not answer for five seconds, after the disconnect', async () => {
  const { browser } = await danceAs('una');
  const asked = vi
    .spyOn(site.upstream.provider, 'revoke')
    .mockImplementation(() => new Promise(() => undefined));
  try {
    expect((await press(browser, 'disconnect')).status).toBe(303);
    expect(asked).toHaveBeenCalledOnce();
  } finally {
    asked.mockRestore();
  }
  expect((await tokensOf('acme|id-of-una'))[0]).not.toContain('upstream-refresh');
  expect(site.events.at(-1)).toMatchObject({ event: 'upstream-revoke', outcome: 'failure' });
}, 20_000);

it('takes back what a person has when a holder of mxcp:admin ends it, and not when the person signs out everywhere', async () => {
  const joe = await danceAs('joe');
  await press(joe.browser, 'revoke-everything');
  expect(site.upstream.takenBack).toEqual([]);
  await danceAs('joe');
  const { browser } = await danceAs('root');
  await press(browser, 'revoke-everything', 'acme|id-of-joe');
  expect(site.upstream.takenBack).toHaveLength(1);
  expect((await tokensOf('acme|id-of-joe'))[0]).not.toContain('upstream-refresh');
  await press(browser, 'disconnect', 'acme|id-of-joe');
  expect(site.upstream.takenBack).toHaveLength(1);
});
