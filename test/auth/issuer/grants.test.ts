import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGrants, type GrantRecord } from '../../../src/auth/issuer/grants.js';
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

it.each([
  ['the newer one', grant('b', 1), grant('a', 2), 'a'],
  ['the same one on every server, where both have one time', grant('b', 1), grant('a', 1), 'b'],
])('of two grants to one client that are given at once, %s stays', async (_which, one, other, stays) => {
  const grants = createGrants(store);
  await Promise.all([one, other, grant('z', 1, 'phone')].map((each) => grants.add(each, later())));
  expect((await grants.list('corp|ada')).map(({ id }) => id).toSorted()).toEqual([stays, 'z']);
});

it('a former grant ends, whatever the clock says that it was given by', async () => {
  const grants = createGrants(store);
  await grants.add(grant('former', Date.now() + 5_000), later());
  await grants.add(grant('new', Date.now()), later());
  expect((await grants.list('corp|ada')).map(({ id }) => id)).toEqual(['new']);
});

it('one that is kept beside the former ones ends these when it is said, and those of no other client', async () => {
  const grants = createGrants(store);
  await grants.add(grant('former', 1), later());
  await grants.add(grant('phone', 1, 'phone'), later());
  await grants.add(grant('new', 2), later(), 'keep');
  const ids = async () => (await grants.list('corp|ada')).map(({ id }) => id).toSorted();
  expect(await ids()).toEqual(['former', 'new', 'phone']);
  await grants.endFormer('former');
  await grants.endFormer('unknown');
  expect(await ids()).toEqual(['former', 'new', 'phone']);
  await grants.endFormer('new');
  expect(await ids()).toEqual(['new', 'phone']);
});
