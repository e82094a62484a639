import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refresh } from '../auth/issuer/dance.js';
import { temporarySite } from '../cli/temporary-site.js';
import { send } from '../transport/http/gate-site.js';
import { type PeopleSite, servePeople, type SignedIn } from './people-site.js';

let site: PeopleSite;
let admin: SignedIn;
beforeAll(async () => {
  site = await servePeople();
  admin = await site.signedIn('root');
});
afterAll(() => site.close());

const account = (who: SignedIn) => who.browser.request(`${site.url}/oauth`);
const statusOf = async ({ token }: SignedIn): Promise<number> =>
  (await send(site.mcpUrl, 'legacy', 'tools/list', {}, token)).status;
const ends = (who: SignedIn): Promise<void> => expect.poll(() => statusOf(who), { timeout: 3000 }).toBe(401);

/** What an administrator finds on the account page at the button of somebody's entry. */
function targetOf(page: string, action: string, owner: string): string {
  const entries = page.split('<li>').filter((entry) => entry.includes(`<dd>${owner}</dd>`));
  for (const entry of entries) {
    const form = entry.split('<form').find((part) => part.includes(`value="${action}"`));
    const target = form && /name="target" value="([^"]*)"/.exec(form)?.[1];
    if (target !== undefined) return target;
  }
  throw new Error(`There is no button ${action} at an entry of ${owner}`);
}

async function press(action: string, owner: string): Promise<void> {
  const page = await account(admin);
  const target = targetOf(page.text, action, owner);
  const sent = await admin.browser.submit(page, 'action', action, { target: [target] });
  expect(sent.status).toBe(303);
}

const lastEvent = (name: string): Record<string, unknown> | undefined =>
  site
    .records()
    .filter((record) => record['operation_name'] === name)
    .at(-1);

describe('an administrator at the account page', () => {
  it('ends everything of a person: tokens, renewal and browser, on record with who did it', async () => {
    const dana = await site.signedIn('dana');
    expect(await statusOf(dana)).toBe(200);
    await press('revoke-everything', 'dana');
    await ends(dana);
    expect((await refresh(site, dana.clientId, dana.refreshToken)).body.error).toBe('invalid_grant');
    expect((await account(dana)).text).toContain('Sign in with');
    expect(lastEvent('grant-revoke')).toMatchObject({
      username: 'root',
      input_data: { owner: 'corp|id-of-dana' },
    });
    expect(await statusOf(admin)).toBe(200);
  });

  it('ends one application of a person, and the browser stays signed in', async () => {
    const alan = await site.signedIn('alan');
    await press('revoke-grant', 'alan');
    await ends(alan);
    expect((await account(alan)).text).toContain('You are signed in as');
  });

  it('ends one browser session', async () => {
    const demi = await site.signedIn('demi');
    await press('revoke-session', 'demi');
    expect((await account(demi)).text).toContain('Sign in with');
    expect(lastEvent('session-revoke')).toMatchObject({ username: 'root' });
  });
});

describe('a server whose store was moved away', () => {
  it('knows no key and starts with an empty one', async () => {
    const one = temporarySite({
      'mxcp-site.yml':
        'mxcp: 1\nproject: shop\nprofile: default\nprofiles: {default: {auth: {api_keys: true}}}\n',
    });
    const run = (...args: string[]) =>
      one.mxcp([...args, '--json'], { env: { MXCP_SECRET_KEY: 'a secret of this test only' } });
    expect((await run('keys', 'create', 'nightly')).code).toBe(0);
    const listed = async () => JSON.stringify((await run('keys', 'list')).json());
    expect(await listed()).toContain('nightly');
    const store = join(one.env['HOME'] ?? '', '.mxcp', 'shop', 'oauth.db');
    for (const suffix of ['', '-wal', '-shm']) rmSync(store + suffix, { force: true });
    expect(await listed()).not.toContain('nightly');
  });
});

describe('the commands of the page', () => {
  it('exist, with these options', async () => {
    const one = temporarySite({ 'mxcp-site.yml': 'mxcp: 1\nproject: shop\nprofile: default\n' });
    for (const line of [
      'log --user dana --since 7d',
      'log --client ID --since 7d',
      'log --session ID',
      'log --type auth --status error --since 1d',
      'log --type auth --grep token-replay',
      'log --type auth --grep grant-revoke',
      'log --type auth --grep client-revoke',
      'clients list',
      'log --policy deny --stats --by user',
    ]) {
      const { code, stderr } = await one.mxcp(line.split(' '));
      expect(code, `${line}: ${stderr}`).toBe(0);
    }
  });
});
