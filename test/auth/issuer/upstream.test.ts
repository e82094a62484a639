import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAccounts, type Account, type Accounts } from '../../../src/auth/issuer/accounts.js';
import { createUpstream, type Upstream } from '../../../src/auth/issuer/upstream.js';
import { openStore } from '../../../src/auth/store/open-store.js';
import type { Store } from '../../../src/auth/store/store.js';
import type { AuthEvent } from '../../../src/model/auth-settings.js';
import { startStandIn, type StandIn } from './stand-in-provider.js';

const hour = 3_600_000;
const secret = 'a site secret of the tests';
let folder: string;
let store: Store;
let standIn: StandIn;
let accounts: Accounts;
const events: AuthEvent[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mxcp-upstream-'));
  const settings = { type: 'sqlite', path: join(folder, 'oauth.db') } as const;
  store = await openStore({ settings, project: 'shop', secret, previousSecrets: [] });
  standIn = await startStandIn('acme', true);
  accounts = createAccounts(store, hour);
  events.length = 0;
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await standIn.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Connections as one server has them. */
function server(): Upstream {
  return createUpstream({
    store,
    accounts,
    providers: new Map([['acme', standIn.provider]]),
    accountPage: 'http://127.0.0.1/oauth',
    maxAgeMs: hour,
    record: (event) => Promise.resolve(void events.push(event)),
    warn: () => undefined,
  });
}

/** Signs somebody in, with a token that ends soon; later ones are good for an hour. */
async function signIn(): Promise<Account> {
  standIn.lifetimeMs = 30_000;
  const signedIn = await standIn.signIn('ada');
  standIn.lifetimeMs = hour;
  return accounts.save('acme', signedIn);
}

/** Runs `first` when the provider has issued tokens and nothing is noted of them yet. */
function beforeItIsNoted(first: () => Promise<unknown>) {
  const { provider } = standIn;
  const refresh = provider.refresh.bind(provider);
  return vi.spyOn(provider, 'refresh').mockImplementation(async (tokens) => {
    const answer = await refresh(tokens);
    await first();
    return answer;
  });
}

it('tokens that are issued while somebody disconnects are taken back too', async () => {
  const { key, tokens } = await signIn();
  const upstream = server();
  beforeItIsNoted(() => server().disconnect(key));
  expect(await upstream.token(key)).toBeUndefined();
  expect(standIn.takenBack).toEqual([tokens?.refreshToken, standIn.issued.at(-1)]);
  expect(new Set(standIn.takenBack).size).toBe(2);
  expect((await accounts.find(key))?.state).toBe('awaiting');
  const taken = { event: 'upstream-revoke', outcome: 'success', userKey: key };
  expect(events).toMatchObject([taken, taken]);
});

it('tokens that are noted in the moment of a disconnect are the ones that are taken back', async () => {
  const { key } = await signIn();
  const find = accounts.find.bind(accounts);
  vi.spyOn(accounts, 'find').mockImplementationOnce(async (id) => {
    const found = await find(id);
    await server().token(key);
    return found;
  });
  await server().disconnect(key);
  expect(standIn.takenBack).toEqual([standIn.issued.at(-1)]);
  expect((await accounts.find(key))?.tokens).toBeUndefined();
});

it.each([
  ['answers', () => undefined],
  ['refuses the former tokens', () => standIn.refused.add('ada')],
])('who signs in again while the provider is asked keeps those tokens, when it %s', async (_what, before) => {
  const { key } = await signIn();
  const upstream = server();
  let again: Account | undefined;
  const { provider } = standIn;
  const refresh = provider.refresh.bind(provider);
  vi.spyOn(provider, 'refresh').mockImplementation(async (tokens) => {
    await server().disconnect(key);
    again = await signIn();
    before();
    return refresh(tokens);
  });
  await upstream.token(key);
  expect(again?.tokens).toBeDefined();
  expect((await accounts.find(key))?.tokens).toEqual(again?.tokens);
  expect(standIn.takenBack).not.toContain(again?.tokens?.refreshToken);
});

it('a server that read of the tokens before another one refreshed them asks no second time', async () => {
  const { key } = await signIn();
  const find = accounts.find.bind(accounts);
  let other: string | undefined;
  vi.spyOn(accounts, 'find').mockImplementationOnce(async (id) => {
    const found = await find(id);
    other = await server().token(key);
    return found;
  });
  expect(await server().token(key)).toBe(other);
  expect([other?.startsWith('upstream-access-'), standIn.refreshes]).toEqual([true, 1]);
});

it('a server that asks for longer than its lease is the only one that does', async () => {
  const { key } = await signIn();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  let answer = (): void => undefined;
  const slow = new Promise<void>((resolve) => (answer = resolve));
  const asked = beforeItIsNoted(() => slow);
  const asking = server().token(key);
  await vi.waitFor(() => expect(standIn.refreshes).toBe(1));
  for (let second = 0; second < 20; second += 1) await vi.advanceTimersByTimeAsync(1_000);
  await server().token(key);
  answer();
  expect(await asking).toMatch(/^upstream-access-/);
  expect(asked).toHaveBeenCalledOnce();
});

it('a server that is killed while it asks keeps the others from it for ten seconds at most', async () => {
  const { key } = await signIn();
  const script = new URL('./asking-process.ts', import.meta.url).pathname;
  const args = ['--import', 'tsx', script, join(folder, 'oauth.db'), secret, key];
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(process_.stdout, 'data');
  const exited = once(process_, 'exit');
  process_.kill('SIGKILL');
  await exited;

  await server().token(key);
  expect(standIn.refreshes).toBe(0);
  const now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => now + 10_001);
  expect(await server().token(key)).toMatch(/^upstream-access-/);
  expect(standIn.refreshes).toBe(1);
}, 60_000);
