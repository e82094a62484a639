import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createGrants } from '../../src/auth/issuer/grants.js';
import { openStore } from '../../src/auth/store/open-store.js';
import { temporarySite, type TemporarySite } from './temporary-site.js';

const secret = 'a secret of sixteen and more';
const env = { MXCP_SECRET_KEY: secret };
const day = 86_400_000;

let site: TemporarySite;

/** Grants as the consent page leaves them: 105 applications, `app-104` let in last, and by two people. */
async function letIn(): Promise<void> {
  const store = await openStore({
    settings: { type: 'sqlite', path: join(site.env['HOME'] ?? '', '.mxcp', 'shop', 'oauth.db') },
    project: 'shop',
    secret,
    previousSecrets: [],
  });
  const grants = createGrants(store);
  const now = Date.now();
  const add = (index: number, username: string): Promise<string> =>
    grants.add(
      {
        id: `grant-${index}-${username}`,
        userKey: `corp|${username}`,
        username,
        clientId: `app-${index}`,
        clientName: `Application ${index}`,
        redirectHost: '127.0.0.1',
        scopes: ['mcp'],
        createdAt: now + index,
      },
      now + day,
      `request-${index}-${username}`,
    );
  for (let index = 0; index < 105; index += 1) await add(index, 'ada');
  await add(104, 'ben');
  await store.close();
}

beforeAll(async () => {
  site = temporarySite({ 'mxcp-site.yml': 'mxcp: 1\nproject: shop\nprofile: default\n' });
  await letIn();
});

interface Listed {
  readonly clients: readonly { readonly id: string; readonly people: number }[];
  readonly total: number;
}

async function listed(...options: readonly string[]): Promise<Listed> {
  const ran = await site.mxcp(['clients', 'list', '--json', ...options], { env });
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  return ran.json()['result'] as Listed;
}

describe('mxcp clients list', () => {
  it('shows a page, those let in last first, and says how many there are', async () => {
    const { clients, total } = await listed();
    expect([clients.length, total]).toEqual([100, 105]);
    expect(clients[0]).toMatchObject({
      id: 'app-104',
      people: 2,
      origin: 'registration',
      last_used_at: null,
    });
    const { stdout } = await site.mxcp(['clients', 'list'], { env });
    expect(stdout).toContain('1-100 of 105');
    expect(stdout).toContain('Application 104');
  });

  it('shows every one on some page', async () => {
    const pages = [await listed('--limit', '60'), await listed('--limit', '60', '--offset', '60')];
    const ids = pages.flatMap(({ clients }) => clients.map(({ id }) => id));
    expect(new Set(ids).size).toBe(105);
  });
});

describe('mxcp clients revoke', () => {
  it('revokes for everybody, on record with who did it, where a search for the application finds it', async () => {
    const ran = await site.mxcp(['clients', 'revoke', 'app-104'], { env });
    expect(ran).toMatchObject({ code: 0, stdout: 'Revoked app-104 for 2 people\n' });
    expect(ran.stderr).toContain('may register and ask again');
    expect((await listed()).total).toBe(104);
    const log = await site.mxcp(['log', '--client', 'app-104', '--json'], { env });
    const { records } = log.json()['result'] as { records: unknown[] };
    expect(records).toMatchObject([
      {
        operation_name: 'client-revoke',
        caller_type: 'cli',
        identity_source: 'asserted',
        client_name: 'Application 104',
        input_data: { people: 2 },
      },
    ]);
  });

  it('says so when there is no such application, and changes nothing', async () => {
    const ran = await site.mxcp(['clients', 'revoke', 'app-5x'], { env });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('There is no client app-5x: did you mean app-5');
    expect((await listed()).total).toBe(104);
  });
});
