import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'libsql';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../src/auth/store/open-store.js';
import type { Store } from '../../../src/auth/store/store.js';
import { isMxcpError } from '../../../src/errors.js';
import { openAt, secret } from './store-contract.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'mxcp-attack-'));
let copies = 0;
const newPath = (): string => join(folder, `store-${(copies += 1)}`, 'oauth.db');

/** What a thief looks for. */
const planted = {
  id: 'planted-id-2f7c41',
  group: 'planted-group-2f7c41',
  token: 'planted-token-2f7c41',
  member: 'planted_member_2f7c41',
};
const value = { [planted.member]: planted.token };
const later = (): number => Date.now() + 3_600_000;

const settingsOf = (path: string) => ({ type: 'sqlite', path }) as const;

async function withStore<T>(path: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ settings: settingsOf(path), project: 'shop', secret, previousSecrets: [] });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Works on the file as somebody who can write to it and has no key. */
function tamper(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

let original = '';
beforeAll(async () => {
  original = newPath();
  await withStore(original, async (store) => {
    await store.put('token', planted.id, value, { groups: [planted.group], expiresAt: later() });
    await store.put('token', 'other', 'of bob', { groups: ['bob'] });
    await store.put('session', planted.id, 'a session');
    await store.put('short', 'one', 'ends soon', { expiresAt: Date.now() + 1 });
  });
  tamper(original, 'PRAGMA wal_checkpoint(TRUNCATE)');
});

function copyOf(): string {
  const path = newPath();
  mkdirSync(dirname(path));
  copyFileSync(original, path);
  return path;
}

describe('a stolen store file', () => {
  it('shows no id, group, value or secret that was used, in no form that a search finds', () => {
    const all = Buffer.concat(
      readdirSync(dirname(original)).map((file) => readFileSync(join(dirname(original), file))),
    );
    expect(all.includes('token')).toBe(true); // kinds may be read
    for (const text of [...Object.values(planted), secret]) {
      const bytes = Buffer.from(text);
      for (const form of [
        text,
        bytes.toString('hex'),
        bytes.toString('base64').slice(0, -4),
        Buffer.from(text).reverse().toString(),
      ])
        expect(all.includes(form)).toBe(false);
    }
  });

  it('has nothing left of a record that was removed, also while it is written to', async () => {
    const path = newPath();
    await withStore(path, async (store) => {
      await store.put('token', planted.id, value);
      await store.take('token', planted.id);
      const files = readdirSync(dirname(path)).map((file) => readFileSync(join(dirname(path), file)));
      for (const text of Object.values(planted)) expect(Buffer.concat(files).includes(text)).toBe(false);
    });
  });

  it('opens under no other secret, and says what to do', async () => {
    for (const wrong of ['', 'x', `${secret} `, secret.slice(1)]) {
      const error: unknown = await openAt(settingsOf(copyOf()), { secret: wrong }).catch(
        (caught: unknown) => caught,
      );
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', problems: [{ rule: 'auth-store-key' }] });
      expect(JSON.stringify(error)).not.toContain(secret);
    }
  });

  it('does not tell that two values are the same', async () => {
    const path = newPath();
    await withStore(path, async (store) => {
      for (const id of ['a', 'b']) await store.put('token', id, 'the same value');
      await store.put('token', 'a', 'the same value');
    });
    const database = new Database(path);
    const rows = database.prepare('SELECT id, sealed FROM record').all([]) as {
      id: string;
      sealed: string;
    }[];
    database.close();
    expect(new Set(rows.map(({ sealed }) => sealed.split('.')[2]?.slice(0, 16))).size).toBe(2);
    expect(new Set(rows.map(({ sealed }) => sealed.length)).size).toBe(1);
  });
});

describe('the key of a store', () => {
  const facts = (path: string): Map<string, string> => {
    const database = new Database(path);
    const rows = database.prepare('SELECT name, value FROM meta').all([]) as {
      name: string;
      value: string;
    }[];
    database.close();
    return new Map(rows.map(({ name, value: text }) => [name, text]));
  };

  it('is derived by scrypt with a random salt of its own, which is stored with the parameters', async () => {
    const paths = [original, newPath()];
    await withStore(paths[1] ?? '', (store) => store.ping());
    const stored = paths.map((path) => facts(path));
    const salts = stored.map((each) => /^1\.32768\.8\.1\.([\w-]{22})$/.exec(each.get('scrypt') ?? '')?.[1]);
    expect(salts).not.toContain(undefined);
    expect(new Set(salts).size).toBe(2);
    expect(new Set(stored.map((each) => each.get('owner'))).size).toBe(2);
  });

  it('is derived once, and not for every record', async () => {
    await withStore(original, async (store) => {
      const started = performance.now();
      for (let i = 0; i < 500; i += 1) await store.get('token', planted.id);
      expect((performance.now() - started) / 500).toBeLessThan(5);
    });
  });
});

describe('a store file that somebody wrote to without the key', () => {
  const damaged = async (sql: string, work: (store: Store) => Promise<unknown>): Promise<void> => {
    const path = copyOf();
    tamper(path, sql);
    await withStore(path, async (store) => {
      await expect(work(store)).rejects.toMatchObject({
        code: 'AUTH_UNAVAILABLE',
        message: expect.stringContaining(path) as string,
      });
    });
  };
  const get = (store: Store) => store.get('token', planted.id);
  const sealedOf = (kind: string) => `(SELECT sealed FROM record WHERE kind = '${kind}' LIMIT 1)`;

  it('gives no record at the place of another of the same kind', () =>
    damaged(
      `CREATE TEMP TABLE before AS SELECT * FROM record;
      UPDATE record SET sealed = (SELECT sealed FROM before b WHERE b.kind = 'token' AND b.id != record.id)
      WHERE kind = 'token'`,
      get,
    ));

  it('gives no record at the place of another kind with the same id', () =>
    damaged(`UPDATE record SET sealed = ${sealedOf('session')} WHERE kind = 'token'`, get));

  it('gives no text that was made by hand', () =>
    damaged(`UPDATE record SET sealed = '1.' || substr(sealed, 3, 9) || 'AAAA' WHERE kind = 'token'`, get));

  it('gives no record under a key that is not configured', () =>
    damaged(`UPDATE record SET sealed = '1.AAAAAAAA.' || substr(sealed, 12) WHERE kind = 'token'`, get));

  it('lists nothing when one of the list was changed', () =>
    damaged(`UPDATE record SET sealed = ${sealedOf('session')} WHERE kind = 'token'`, (store) =>
      store.list('token'),
    ));

  it('does not let a record live longer than was decided', async () => {
    const path = copyOf();
    tamper(path, 'UPDATE record SET expires_at = NULL');
    await withStore(path, async (store) => {
      expect(await store.get('short', 'one')).toBeUndefined();
      expect(await store.list('short')).toEqual([]);
      expect(await store.take('short', 'one')).toBeUndefined();
    });
  });

  it('does not look empty or new when its own facts are gone or changed', async () => {
    const attempts = [
      ['DELETE FROM meta', 'AUTH_UNAVAILABLE'],
      ["DELETE FROM meta WHERE name = 'scrypt'", 'AUTH_UNAVAILABLE'],
      [
        "UPDATE meta SET value = '1.32768.8.1.AAAAAAAAAAAAAAAAAAAAAA' WHERE name = 'scrypt'",
        'CONFIG_INVALID',
      ],
      [
        "UPDATE meta SET value = '1.999999999.8.1.AAAAAAAAAAAAAAAAAAAAAA' WHERE name = 'scrypt'",
        'AUTH_UNAVAILABLE',
      ],
      ["UPDATE meta SET value = 'x' WHERE name LIKE 'key:%'", 'CONFIG_INVALID'],
      ['DROP TABLE record', 'AUTH_UNAVAILABLE'],
      ['PRAGMA user_version = 7', 'AUTH_UNAVAILABLE'],
    ] as const;
    for (const [sql, code] of attempts) {
      const path = copyOf();
      tamper(path, sql);
      const error: unknown = await withStore(path, () => Promise.resolve()).catch(
        (caught: unknown) => caught,
      );
      expect([sql, error]).toMatchObject([sql, { code }]);
      expect(JSON.stringify([error, String(error)])).toContain(path);
    }
  });

  it('gives the true value, nothing, or an error that names it, whichever byte was flipped', async () => {
    const bytes = readFileSync(original);
    const outcomes = { same: 0, nothing: 0, error: 0 };
    for (let at = 0; at < bytes.length; at += 1021) {
      const path = newPath();
      mkdirSync(dirname(path));
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x11;
      writeFileSync(path, changed);
      try {
        const got = await withStore(path, get);
        if (got !== undefined) expect(got).toEqual(value);
        outcomes[got === undefined ? 'nothing' : 'same'] += 1;
      } catch (error) {
        if (!isMxcpError(error)) throw error;
        expect(JSON.stringify([error, error.message])).toContain(path);
        outcomes.error += 1;
      }
    }
    expect(outcomes.error).toBeGreaterThan(3);
    expect(outcomes.same).toBeGreaterThan(3);
  }, 120_000);

  it('gives an error for every flipped byte of a sealed value', async () => {
    const text = readFileSync(original, 'latin1');
    const database = new Database(original);
    const [row] = database.prepare("SELECT sealed FROM record WHERE kind = 'session'").all([]) as {
      sealed: string;
    }[];
    database.close();
    const start = text.indexOf(row?.sealed ?? '?');
    expect(start).toBeGreaterThan(0);
    for (let at = start; at < start + (row?.sealed.length ?? 0); at += 11) {
      const path = newPath();
      mkdirSync(dirname(path));
      const changed = Buffer.from(text, 'latin1');
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      writeFileSync(path, changed);
      const reading = withStore(path, (store) => store.get('session', planted.id));
      await expect(reading).rejects.toMatchObject({ code: 'AUTH_UNAVAILABLE' });
    }
  }, 60_000);
});

describe('the file of the store', () => {
  it('is private to its owner, its companions too, whatever the umask and however it was found', async () => {
    const path = newPath();
    const before = process.umask(0);
    try {
      await withStore(path, async (store) => {
        await store.put('token', 'a', 1);
        for (const file of readdirSync(dirname(path)))
          expect([file, statSync(join(dirname(path), file)).mode & 0o777]).toEqual([file, 0o600]);
        expect(readdirSync(dirname(path)).length).toBeGreaterThan(1);
      });
      expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
      chmodSync(path, 0o666);
      await withStore(path, (store) => store.ping());
      expect(statSync(path).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  it.each([
    ['is a link', (path: string) => symlinkSync(original, path), 'ELOOP'],
    ['is a folder', (path: string) => mkdirSync(path), 'EISDIR'],
    ['is no database', (path: string) => writeFileSync(path, 'x'.repeat(5000)), 'SQLITE_NOTADB'],
  ])('is named with what to do when it %s', async (_, make, code) => {
    const path = newPath();
    mkdirSync(dirname(path));
    make(path);
    await expect(withStore(path, (store) => store.ping())).rejects.toMatchObject({
      code: 'AUTH_UNAVAILABLE',
      message: expect.stringMatching(
        new RegExp(`^The store ${path} cannot be opened \\(${code}\\): .+`),
      ) as string,
    });
  });

  it('is never taken for the address of a server', async () => {
    await expect(openAt(settingsOf('libsql://127.0.0.1:1/x'))).rejects.toMatchObject({
      code: 'AUTH_UNAVAILABLE',
    });
  });

  it('is shared by processes that make it at once: no change is lost, and each code is taken once', async () => {
    const path = newPath();
    const rounds = 25;
    await withStore(path, async (store) => {
      for (let i = 0; i < rounds; i += 1) await store.put('code', String(i), i);
    });
    const script = new URL('./counting-process.ts', import.meta.url).pathname;
    const ran = await Promise.all(
      [1, 2, 3].map(() =>
        run(process.execPath, ['--import', 'tsx', script, path, secret, String(rounds)], { timeout: 60_000 }),
      ),
    );
    const taken = ran.flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(taken.sort()).toEqual(Array.from({ length: rounds }, (_, i) => String(i)).sort());
    expect(await withStore(path, (store) => store.get('count', 'one'))).toBe(3 * rounds);
  }, 90_000);

  it('is made by several processes at once without one of them failing', async () => {
    const path = newPath();
    const script = new URL('./counting-process.ts', import.meta.url).pathname;
    await Promise.all(
      [1, 2, 3].map(() =>
        run(process.execPath, ['--import', 'tsx', script, path, secret, '1'], { timeout: 60_000 }),
      ),
    );
    expect(await withStore(path, (store) => store.get('count', 'one'))).toBe(3);
  }, 90_000);

  it('of a process that was killed in the middle is whole for the next', async () => {
    const path = newPath();
    await withStore(path, async (store) => {
      await store.put('token', 'a', 1);
      // What a killed process leaves: the file with a write-ahead log that nobody closed.
      cpSync(dirname(path), `${dirname(path)}-killed`, { recursive: true });
    });
    const left = join(`${dirname(path)}-killed`, 'oauth.db');
    expect(await withStore(left, (store) => store.get('token', 'a'))).toBe(1);
  });
});
