import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKeyAuthenticator } from '../../src/auth/keys/key-authenticator.js';
import { openStore } from '../../src/auth/store/open-store.js';
import { temporarySite, type TemporarySite } from './temporary-site.js';

const secret = 'a secret of sixteen and more';

const files = {
  'mxcp-site.yml': `mxcp: 1
project: shop
profile: default
profiles:
  default:
    auth: { api_keys: true }
authorization:
  scoped_tags: [orders]
  roles:
    analyst: { scopes: ['tag:orders'] }
    hr: {}
    lead: { includes: [analyst] }
`,
  'tools/orders.yml': `mxcp: 1
tool:
  name: orders
  description: Orders
  tags: [orders, reports]
  return: { type: integer }
  source: { code: SELECT 1 }
`,
};

const makeSite = (): TemporarySite => temporarySite(files);
const env = { MXCP_SECRET_KEY: secret };

/** Whether a server with this secret takes the key, and as whom. */
async function identityOf(
  site: TemporarySite,
  key: string,
  siteSecret = secret,
  previous: readonly string[] = [],
) {
  const store = await openStore({
    settings: { type: 'sqlite', path: join(site.env['HOME'] ?? '', '.mxcp', 'shop', 'oauth.db') },
    project: 'shop',
    secret: siteSecret,
    previousSecrets: previous,
  });
  try {
    const warn = (): void => undefined; // the store closes before the use is noted
    const keys = createKeyAuthenticator({ store, record: () => Promise.resolve(), warn });
    return await keys.verify({ kind: 'bearer', value: key });
  } finally {
    await store.close();
  }
}

interface KeyJson {
  readonly key: string;
  readonly id: string;
}

async function result<T>(site: TemporarySite, ...args: readonly string[]): Promise<T> {
  const ran = await site.mxcp(['keys', ...args, '--json'], { env });
  expect([ran.code, ran.stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return ran.json()['result'] as T;
}

async function recorded(site: TemporarySite, name: string): Promise<Record<string, unknown>[]> {
  const ran = await site.mxcp(['log', '--type', 'auth', '--json'], { env });
  const { records } = ran.json()['result'] as { records: Record<string, unknown>[] };
  return records.filter((record) => record['operation_name'] === name);
}

describe('mxcp keys create', () => {
  let site: TemporarySite;
  beforeAll(() => {
    site = makeSite();
  });

  it('prints the key alone on stdout, once, and keeps it nowhere', async () => {
    const { stdout, stderr, code } = await site.mxcp(['keys', 'create', 'ci', '--role', 'analyst'], { env });
    expect(code).toBe(0);
    const key = stdout.trim();
    expect(stdout).toBe(`${key}\n`);
    expect(stderr).toContain('shown once');
    expect(stderr).not.toContain(key);
    expect(await identityOf(site, key)).toMatchObject({
      userId: 'key:ci',
      roles: ['analyst'],
      scopes: 'by-roles',
    });
    for (const folder of [join(site.env['HOME'] ?? '', '.mxcp', 'shop'), join(site.root, 'audit')]) {
      const all = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'));
      expect(all.length).toBeGreaterThan(0);
      expect(all.join('\n').includes(key.slice(24))).toBe(false);
    }
  });

  it('leaves a store that only its owner can read', () => {
    const folder = join(site.env['HOME'] ?? '', '.mxcp', 'shop');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  });

  it('puts who made which key on record, and never the key', async () => {
    const made = await result<KeyJson>(
      site,
      'create',
      'nightly',
      '--role',
      'lead',
      '--scope',
      'tag:orders',
      '--expires',
      '30d',
    );
    const [record] = await recorded(site, 'key-create');
    expect(record).toMatchObject({
      caller_type: 'cli',
      identity_source: 'asserted',
      operation_status: 'success',
      input_data: { key_id: made.id, name: 'nightly', scopes: ['tag:orders'] },
    });
    expect(JSON.stringify(record)).not.toContain(made.key.slice(24));
  });

  it('gives 90 days, and nothing that needs a scope, when nothing is said', async () => {
    const made = await result<{ created_at: string; expires_at: string; scopes: unknown }>(
      site,
      'create',
      'plain',
    );
    expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBeCloseTo(90 * 86_400_000, -4);
    expect(made.scopes).toEqual([]);
  });

  it.each([
    [['--role', 'analist'], 'did you mean analyst?'],
    [['--role', 'constructor'], 'The site has no role constructor'],
    [['--scope', 'tag:order'], 'did you mean tag:orders?'],
    [['--scope', 'tag:orders'], 'add --role analyst'],
    [['--role', 'hr', '--scope', 'tag:orders'], 'No role of this key allows the scope tag:orders'],
    [['--scope', '*'], 'Nothing in the site asks for the scope *: there are tag:orders ['],
    [['--role', 'analyst', '--scope', 'tag:reports'], 'Nothing in the site asks for the scope tag:reports'],
    [['--expires', 'soon'], 'like 12h or 90d'],
    [['--expires', '0'], 'like 12h or 90d'],
    [['--expires', '99999d'], 'like 12h or 90d'],
  ])('refuses %j and says what was meant', async (args, text) => {
    const { code, stderr, stdout } = await site.mxcp(['keys', 'create', 'wrong', ...args], { env });
    expect(code).toBe(2);
    expect(stderr).toContain(text);
    expect(stdout).toBe('');
    expect((await site.mxcp(['keys', 'list'], { env })).stdout).not.toContain('wrong');
  });

  it('says of a key that it may use nothing that needs a scope, where something does', async () => {
    const said = 'the key may use nothing that needs a scope, such as tag:orders';
    const other = makeSite();
    const create = async (...args: readonly string[]) =>
      (await other.mxcp(['keys', 'create', ...args], { env })).stderr;
    expect(await create('none')).toContain(`Without --role ${said}`);
    expect(await create('one', '--role', 'analyst')).not.toContain(said);
    const scoped = files['mxcp-site.yml'].replace(/ {2}roles:.*/s, '');
    const plain = await temporarySite({ ...files, 'mxcp-site.yml': scoped }).mxcp(['keys', 'create', 'a'], {
      env,
    });
    expect(plain.stderr).toContain(`Without --scope ${said}`);
    const free = temporarySite({
      ...files,
      'mxcp-site.yml': files['mxcp-site.yml'].replace(/authorization:.*/s, ''),
    });
    expect((await free.mxcp(['keys', 'create', 'none'], { env })).stderr).not.toContain('needs a scope');
  });

  it('refuses a name that has a key', async () => {
    const { code, stderr } = await site.mxcp(['keys', 'create', 'ci'], { env });
    expect(code).toBe(2);
    expect(stderr).toContain('mxcp keys rotate ci');
  });

  it('gives out no key that cannot be put on record', async () => {
    const other = makeSite();
    writeFileSync(join(other.root, 'audit'), 'a file where the folder should be');
    const { code, stdout } = await other.mxcp(['keys', 'create', 'ci'], { env });
    expect(code).toBe(1);
    expect(stdout).toBe('');
  });
});

describe('mxcp keys rotate, revoke and list', () => {
  it('replace a key with an overlap, take it out of use, and say what there is, each on record', async () => {
    const site = makeSite();
    const old = await result<KeyJson>(site, 'create', 'ci', '--role', 'analyst');
    const fresh = await result<KeyJson>(site, 'rotate', 'ci', '--overlap', '1h');
    expect(await identityOf(site, old.key)).toMatchObject({ keyId: old.id });
    expect(await identityOf(site, fresh.key)).toMatchObject({ keyId: fresh.id });
    const table = await site.mxcp(['keys', 'list'], { env });
    expect(table.stdout).toMatch(/^NAME +ID +ROLES +SCOPES +CREATED +LAST USED +EXPIRES +STATUS\n/);
    expect(table.stdout).toContain('expires soon');
    expect(table.stdout).not.toContain(old.key.slice(24));
    expect(await result(site, 'list')).toMatchObject({
      keys: [
        { id: old.id, name: 'ci', status: 'expires soon' },
        { id: fresh.id, name: 'ci', status: 'live', roles: ['analyst'], scopes: 'by-roles' },
      ],
    });
    const revoked = await site.mxcp(['keys', 'revoke', old.id], { env });
    expect(revoked.stdout).toBe(`Revoked key ${old.id} of ci\n`);
    await expect(identityOf(site, old.key)).rejects.toMatchObject({ code: 'AUTH_CREDENTIAL_INVALID' });
    await result(site, 'revoke', 'ci');
    await expect(identityOf(site, fresh.key)).rejects.toMatchObject({ code: 'AUTH_CREDENTIAL_INVALID' });
    expect(await recorded(site, 'key-rotate')).toHaveLength(1);
    expect(await recorded(site, 'key-revoke')).toHaveLength(2);
    expect((await site.mxcp(['keys', 'list'], { env })).stdout).toBe('No keys\n');
  });

  it('say which key was meant', async () => {
    const site = makeSite();
    await result(site, 'create', 'nightly');
    const { code, stderr } = await site.mxcp(['keys', 'revoke', 'nightli'], { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining('did you mean nightly?')]);
    expect((await site.mxcp(['keys', 'rotate', 'other'], { env })).code).toBe(2);
  });
});

describe('rotation of the site secret', () => {
  const after = 'the secret after the rotation';
  const rotated = (previous: string): string =>
    files['mxcp-site.yml'].replace('api_keys: true', `api_keys: true, previous_keys: ['${previous}']`);

  it('keeps keys valid and the log provable with the previous secret, and refuses without it', async () => {
    const site = makeSite();
    const { key } = await result<KeyJson>(site, 'create', 'ci');
    const now = { env: { MXCP_SECRET_KEY: after } };
    const refused = await site.mxcp(['keys', 'list'], now);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('auth.previous_keys');
    const unexplained = await site.mxcp(['log', 'verify'], now);
    expect(unexplained.code).toBe(4);
    expect(unexplained.stdout).toContain('list the one before in auth.previous_keys');

    writeFileSync(join(site.root, 'mxcp-site.yml'), rotated(secret));
    const encryption = await site.mxcp(['keys', 'rotate-encryption'], now);
    expect(encryption.stdout).toMatch(/^1 records are under the current key now/);
    expect((await site.mxcp(['keys', 'rotate-encryption'], now)).stdout).toBe(
      'Every record is under the current key\n',
    );
    expect(await identityOf(site, key, after)).toMatchObject({ userId: 'key:ci' });
    const verified = await site.mxcp(['log', 'verify'], now);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toMatch(/^intact/);
    expect(await recorded(site, 'encryption-rotate')).toMatchObject([
      { input_data: { records: 0 } },
      { input_data: { records: 1 } },
    ]);
  });

  it('does not take records that somebody signs under a secret that is neither', async () => {
    const site = makeSite();
    await site.mxcp(['keys', 'create', 'ci'], { env: { MXCP_SECRET_KEY: 'the secret of somebody else' } });
    writeFileSync(join(site.root, 'mxcp-site.yml'), rotated(secret));
    expect((await site.mxcp(['log', 'verify'], { env: { MXCP_SECRET_KEY: after } })).code).toBe(4);
  });
});
