import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGrants, type GrantRecord, type Grants } from '../../../src/auth/issuer/grants.js';
import { openStore } from '../../../src/auth/store/open-store.js';
import type { Store } from '../../../src/auth/store/store.js';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mxcp-grants-'));
  const path = join(folder, 'oauth.db');
  const secret = 'a site secret of the tests';
  store = await openStore({
    settings: { type: 'sqlite', path },
    project: 'test',
    secret,
    previousSecrets: [],
  });
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const grant = (id: string, createdAt: number, clientId = 'desk'): GrantRecord => ({
  id,
  createdAt,
  clientId,
  userKey: 'corp|ada',
  username: 'ada',
  clientName: 'Desk',
  redirectHost: 'client.example',
  scopes: ['mcp'],
});

const later = (): number => Date.now() + 60_000;

/** Of a request of its own. */
async function add(grants: Grants, given: GrantRecord): Promise<void> {
  await grants.add(given, later(), given.id);
}

it.each([
  ['the newer one', grant('b', 1), grant('a', 2), 'a'],
  ['the same one on every server, where both have one time', grant('b', 1), grant('a', 1), 'b'],
])('of two grants to one client that are given at once, %s stays', async (_which, one, other, stays) => {
  const grants = createGrants(store);
  await Promise.all([one, other, grant('z', 1, 'phone')].map((each) => add(grants, each)));
  expect((await grants.list('corp|ada')).map(({ id }) => id).toSorted()).toEqual([stays, 'z']);
});

it('a former grant ends, whatever the clock says that it was given by', async () => {
  const grants = createGrants(store);
  await add(grants, grant('former', Date.now() + 5_000));
  await add(grants, grant('new', Date.now()));
  expect((await grants.list('corp|ada')).map(({ id }) => id)).toEqual(['new']);
});

/** The store as one server sees it that is slow after its first `method`: meanwhile the other server does its work. */
function slowAfter(method: 'list' | 'put', meanwhile: () => Promise<void>): Store {
  let left = 1;
  const wait = async (): Promise<void> => {
    left -= 1;
    if (left === 0) await meanwhile();
  };
  const slow: Partial<Store> = {
    list: async (...given) => {
      const seen = await store.list(...given);
      if (method === 'list') await wait();
      return seen;
    },
    put: async (...given) => {
      await store.put(...given);
      if (method === 'put') await wait();
    },
  };
  const bound = (name: string | symbol): unknown => {
    const member: unknown = Reflect.get(store, name);
    return typeof member === 'function' ? (member.bind(store) as unknown) : member;
  };
  return new Proxy(store, { get: (_store, name): unknown => Reflect.get(slow, name) ?? bound(name) });
}

it.each([
  ['list', 1, 'b'],
  ['list', 3, 'a'],
  ['put', 1, 'b'],
  ['put', 3, 'b'],
] as const)(
  'one of two stays when a server is slow after its %s, given by the clock at %i',
  async (method, at, stays) => {
    const other = createGrants(store);
    const slow = createGrants(slowAfter(method, () => add(other, grant('b', 2))));
    await add(slow, grant('a', at));
    expect((await other.list('corp|ada')).map(({ id }) => id)).toEqual([stays]);
  },
);

it('of a request that is decided twice, the first decision counts, until what it gave is revoked', async () => {
  const grants = createGrants(store);
  const decide = (id: string) => grants.add(grant(id, 1), later(), 'request');
  expect(await Promise.all([decide('a'), decide('b')])).toEqual(['a', 'a']);
  const [kept] = await grants.list('corp|ada');
  expect(kept?.id).toBe('a');
  await grants.revoke(grant('a', 1));
  expect(await decide('c')).toBe('c');
});

it('one that is asked for does not give way to a newer one that nobody took', async () => {
  const other = createGrants(store);
  const unasked = { ...grant('link', 9), unasked: true };
  await add(createGrants(slowAfter('list', () => add(other, unasked))), grant('asked', 1));
  expect((await other.list('corp|ada')).map(({ id }) => id).toSorted()).toEqual(['asked', 'link']);
});

it('one that is kept beside the former ones ends these when it is said, and those of no other client', async () => {
  const grants = createGrants(store);
  await add(grants, grant('former', 1));
  await add(grants, grant('phone', 1, 'phone'));
  await add(grants, { ...grant('new', 2), unasked: true });
  const ids = async () => (await grants.list('corp|ada')).map(({ id }) => id).toSorted();
  expect(await ids()).toEqual(['former', 'new', 'phone']);
  await grants.endFormer('former');
  await grants.endFormer('unknown');
  expect(await ids()).toEqual(['former', 'new', 'phone']);
  await grants.endFormer('new');
  expect(await ids()).toEqual(['new', 'phone']);
});
