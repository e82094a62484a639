import Database from 'libsql';
import { chmodSync, closeSync, constants, fchmodSync, mkdirSync, openSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AuthUnavailableError } from '../../errors.js';
import type { Backend, Expected, Page, Row } from './backend.js';

const schemaVersion = 1;
const busyMs = 2000;
const pageRows = 200;
const openAttempts = 40;

const schema = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, id TEXT NOT NULL, sealed TEXT NOT NULL, expires_at INTEGER, PRIMARY KEY (kind, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS record_expiry ON record (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS member (
    grp TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (grp, kind, id),
    FOREIGN KEY (kind, id) REFERENCES record (kind, id) ON DELETE CASCADE
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS member_record ON member (kind, id);
  PRAGMA user_version = ${schemaVersion};
`;

const live = '(expires_at IS NULL OR expires_at > ?)';
const among = 'kind = ? AND id IN (SELECT value FROM json_each(?))';

const statements = {
  meta: 'SELECT name, value FROM meta',
  claimMeta: 'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING',
  metaValue: 'SELECT value FROM meta WHERE name = ?',
  removeMeta: 'DELETE FROM meta WHERE name = ?',
  read: `SELECT sealed FROM record WHERE ${among} AND ${live}`,
  remove: `DELETE FROM record WHERE ${among}`,
  insert: 'INSERT INTO record VALUES (?, ?, ?, ?)',
  join: 'INSERT INTO member VALUES (?, ?, ?)',
  list: `SELECT id, sealed FROM record WHERE kind = ? AND ${live}`,
  listGroups: `SELECT id, sealed FROM record WHERE (kind, id) IN
    (SELECT kind, id FROM member WHERE grp IN (SELECT value FROM json_each(?)) AND kind = ?) AND ${live}`,
  removeGroups: `DELETE FROM record WHERE (kind, id) IN
    (SELECT kind, id FROM member WHERE grp IN (SELECT value FROM json_each(?)))`,
  page: `SELECT kind, id, sealed FROM record WHERE (kind, id) > (?, ?) AND ${live} ORDER BY kind, id LIMIT ${pageRows}`,
  sweep: `DELETE FROM record WHERE (kind, id) IN
    (SELECT kind, id FROM record WHERE expires_at <= ? LIMIT ${pageRows})`,
  ping: 'SELECT 1 FROM meta LIMIT 1',
} as const;

type Statements = Record<keyof typeof statements, Database.Statement>;
type Columns = Readonly<Record<string, string>>;

/** The folder is 0700 where it is made now, the file 0600; SQLite gives its `-wal` and `-shm` the mode of the file. */
function makeFile(path: string): void {
  const folder = dirname(path);
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) chmodSync(folder, 0o700);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const descriptor = openSync(path, flags, 0o600);
  try {
    fchmodSync(descriptor, 0o600);
  } finally {
    closeSync(descriptor);
  }
}

function prepareDatabase(path: string): Database.Database {
  const database = new Database(path, { timeout: busyMs });
  try {
    // FULL: a revocation that was answered is not undone by a power cut.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    const [row] = database.prepare('PRAGMA user_version').all([]) as { user_version: number }[];
    if (row?.user_version === 0) database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
    else if (row?.user_version !== schemaVersion)
      throw new Error('The store was made by another version of mxcp');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Several processes that make one database at once can find it locked whatever the timeout is. */
async function openDatabase(path: string): Promise<Database.Database> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return prepareDatabase(path);
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_BUSY' || attempt === openAttempts) throw error;
      await delay(25);
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A store in a SQLite file that several processes may have open. Rejects with `AUTH_UNAVAILABLE`. */
export async function openSqliteBackend(path: string): Promise<Backend> {
  try {
    // The library takes anything with a scheme for the address of a server.
    if (!isAbsolute(path)) throw new Error('The path is not absolute');
    makeFile(path);
    return new SqliteBackend(path, await openDatabase(path));
  } catch (error) {
    const code = codeOf(error);
    const why = code ?? (error instanceof Error ? error.message : 'unknown');
    const remedy = code?.startsWith('SQLITE_') === true ? damaged : access;
    throw new AuthUnavailableError(`The store ${path} cannot be opened (${why}): ${remedy}`, {
      cause: error,
    });
  }
}

const damaged = 'restore it from a backup, or move it away to start over with everyone signed out';
const access = 'let this user read and write there, or set auth.persistence.path to another place';

class SqliteBackend implements Backend {
  readonly name: string;
  readonly #database: Database.Database;
  readonly #prepared: Statements;

  constructor(path: string, database: Database.Database) {
    this.name = path;
    this.#database = database;
    this.#prepared = Object.fromEntries(
      Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Statements;
  }

  readMeta(): Promise<ReadonlyMap<string, string>> {
    return this.#do(() => new Map(this.#all('meta').map(({ name = '', value = '' }) => [name, value])));
  }

  claimMeta(name: string, value: string): Promise<string> {
    return this.#do(() => {
      this.#run('claimMeta', name, value);
      return this.#all('metaValue', name)[0]?.['value'] ?? value;
    });
  }

  removeMeta(name: string): Promise<void> {
    return this.#do(() => void this.#run('removeMeta', name));
  }

  read(kind: string, ids: readonly string[]): Promise<string | undefined> {
    return this.#do(() => this.#read(kind, ids));
  }

  write(kind: string, ids: readonly string[], row: Row, expected: Expected): Promise<boolean> {
    return this.#atomic(() => {
      if (expected !== 'anything') {
        const found = this.#read(kind, ids);
        if (found !== (expected === 'nothing' ? undefined : expected.sealed)) return false;
      }
      this.#run('remove', kind, JSON.stringify(ids));
      this.#run('insert', kind, row.id, row.sealed, row.expiresAt ?? null);
      for (const group of row.groups) this.#run('join', group, kind, row.id);
      return true;
    });
  }

  take(kind: string, ids: readonly string[], expected?: string): Promise<string | undefined> {
    return this.#atomic(() => {
      const found = this.#read(kind, ids);
      if (found === undefined || (expected !== undefined && expected !== found)) return undefined;
      this.#run('remove', kind, JSON.stringify(ids));
      return found;
    });
  }

  list(kind: string, groups?: readonly string[]): Promise<readonly Pick<Row, 'id' | 'sealed'>[]> {
    return this.#do(() => {
      const rows =
        groups === undefined
          ? this.#all('list', kind, Date.now())
          : this.#all('listGroups', JSON.stringify(groups), kind, Date.now());
      return rows.map(({ id = '', sealed = '' }) => ({ id, sealed }));
    });
  }

  removeGroups(groups: readonly string[]): Promise<void> {
    return this.#do(() => void this.#run('removeGroups', JSON.stringify(groups)));
  }

  page(cursor: string | undefined): Promise<Page> {
    return this.#do(() => {
      const [kind, id] = cursor === undefined ? ['', ''] : (JSON.parse(cursor) as [string, string]);
      const rows = this.#all('page', kind, id, Date.now()).map((row) => {
        return { kind: row['kind'] ?? '', id: row['id'] ?? '', sealed: row['sealed'] ?? '' };
      });
      const last = rows.length < pageRows ? undefined : rows.at(-1);
      return { rows, cursor: last && JSON.stringify([last.kind, last.id]) };
    });
  }

  sweep(now: number): Promise<number> {
    return this.#do(() => this.#run('sweep', now));
  }

  ping(): Promise<void> {
    return this.#do(() => void this.#all('ping'));
  }

  close(): Promise<void> {
    return this.#do(() => void this.#database.close());
  }

  #read(kind: string, ids: readonly string[]): string | undefined {
    return this.#all('read', kind, JSON.stringify(ids), Date.now())[0]?.['sealed'];
  }

  #all(name: keyof Statements, ...parameters: readonly unknown[]): Columns[] {
    return this.#prepared[name].all(parameters) as Columns[];
  }

  #run(name: keyof Statements, ...parameters: readonly unknown[]): number {
    return this.#prepared[name].run(parameters).changes;
  }

  /** The engine is synchronous; what it throws becomes a rejection. */
  #do<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(work());
    });
  }

  #atomic<T>(work: () => T): Promise<T> {
    return this.#do(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }
}
