import { Redis } from 'ioredis';
import { AuthUnavailableError } from '../../errors.js';
import type { Backend, Expected, Page, Row } from './backend.js';
import { readScript, removeGroupsScript, sweepScript, takeScript, writeScript } from './redis-scripts.js';

const commandMs = 3000;
const pageRows = 200;

/** The address without what logs in to it. */
function nameOf(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    throw new AuthUnavailableError(
      'auth.persistence.url is no URL: write redis://host:port or rediss://host:port',
    );
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return /^(WRONGPASS|NOAUTH|NOPERM)\b/.exec(error.message)?.[0] ?? error.name;
}

/**
 * A store in Redis or Valkey that several replicas share. Rejects with `AUTH_UNAVAILABLE`. When the connection is lost, it is
 * made again; a command fails within a few seconds rather than waiting for that.
 */
export async function openRedisBackend(url: string, project: string): Promise<Backend> {
  const name = nameOf(url);
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: commandMs,
    commandTimeout: commandMs,
    // Commands that nobody waits for any more stay with their connection: one that is dead must end.
    socketTimeout: 2 * commandMs,
    maxRetriesPerRequest: 2,
    // A command that may have run is not sent again by itself: it may be a take.
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(100 * attempt, 1000),
  });
  let last: unknown;
  redis.on('error', (error: unknown) => {
    last = error; // every command that it concerns rejects as well
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    const why = reasonOf(last ?? error);
    throw new AuthUnavailableError(
      `The store ${name} cannot be reached (${why}): start Redis there, or correct auth.persistence.url`,
      { cause: error },
    );
  }
  return new RedisBackend(redis, name, `mxcp:{${encodeURIComponent(project)}}`);
}

class RedisBackend implements Backend {
  readonly name: string;
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, name: string, prefix: string) {
    this.name = name;
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async readMeta(): Promise<ReadonlyMap<string, string>> {
    return new Map(Object.entries(await this.#redis.hgetall(`${this.#prefix}:meta`)));
  }

  async claimMeta(name: string, value: string): Promise<string> {
    await this.#redis.hsetnx(`${this.#prefix}:meta`, name, value);
    return (await this.#redis.hget(`${this.#prefix}:meta`, name)) ?? value;
  }

  async removeMeta(name: string): Promise<void> {
    await this.#redis.hdel(`${this.#prefix}:meta`, name);
  }

  async read(kind: string, ids: readonly string[]): Promise<string | undefined> {
    return textOf(await this.#eval(readScript, kind, ids.join(' ')));
  }

  async write(kind: string, ids: readonly string[], row: Row, expected: Expected): Promise<boolean> {
    const expiry = row.expiresAt === undefined ? '' : String(row.expiresAt);
    const [mode, wanted] = typeof expected === 'string' ? [expected, ''] : ['this', expected.sealed];
    const facts = [row.id, row.sealed, row.groups.join(' '), expiry, mode, wanted];
    return (await this.#eval(writeScript, kind, ids.join(' '), String(Date.now()), ...facts)) === 1;
  }

  async take(kind: string, ids: readonly string[], expected = ''): Promise<string | undefined> {
    return textOf(await this.#eval(takeScript, kind, ids.join(' '), expected));
  }

  async list(kind: string, groups?: readonly string[]): Promise<readonly Pick<Row, 'id' | 'sealed'>[]> {
    const ids = await this.#idsOf(kind, groups);
    const rows: Pick<Row, 'id' | 'sealed'>[] = [];
    for (let start = 0; start < ids.length; start += pageRows) {
      rows.push(...(await this.#rows(kind, ids.slice(start, start + pageRows))));
    }
    return rows;
  }

  async removeGroups(groups: readonly string[]): Promise<void> {
    await this.#eval(removeGroupsScript, groups.join(' '));
  }

  async page(cursor: string | undefined): Promise<Page> {
    const kinds = (await this.#redis.smembers(`${this.#prefix}:kinds`)).sort();
    const [at, scan] = cursor === undefined ? ['', '0'] : (JSON.parse(cursor) as [string, string]);
    const kind = kinds.find((one) => one >= at);
    if (kind === undefined) return { rows: [], cursor: undefined };
    const from = kind === at ? scan : '0';
    const [next, members] = await this.#redis.zscan(`${this.#prefix}:k:${kind}`, from, 'COUNT', pageRows);
    const rows = await this.#rows(
      kind,
      members.filter((_, index) => index % 2 === 0),
    );
    const following = next === '0' ? kinds.find((one) => one > kind) : kind;
    return {
      rows: rows.map((row) => ({ kind, ...row })),
      cursor: following === undefined ? undefined : JSON.stringify([following, next]),
    };
  }

  async sweep(now: number): Promise<number> {
    return Number(await this.#eval(sweepScript, String(now), String(pageRows)));
  }

  async ping(): Promise<void> {
    await this.#redis.ping();
  }

  close(): Promise<void> {
    this.#redis.disconnect();
    return Promise.resolve();
  }

  #eval(script: string, ...parameters: readonly string[]): Promise<unknown> {
    return this.#redis.eval(script, 1, this.#prefix, ...parameters);
  }

  async #idsOf(kind: string, groups: readonly string[] | undefined): Promise<string[]> {
    const after = `(${Date.now()}`;
    if (groups === undefined) return this.#redis.zrangebyscore(`${this.#prefix}:k:${kind}`, after, '+inf');
    const sets = await Promise.all(
      groups.map((group) => this.#redis.zrangebyscore(`${this.#prefix}:g:${group}`, after, '+inf')),
    );
    return sets.flat().flatMap((member) => {
      const space = member.indexOf(' ');
      return member.slice(space + 1) === kind ? [member.slice(0, space)] : [];
    });
  }

  async #rows(kind: string, ids: readonly string[]): Promise<Pick<Row, 'id' | 'sealed'>[]> {
    const found = await Promise.all(
      ids.map((id) => this.#redis.hget(`${this.#prefix}:r:${kind}:${id}`, 's')),
    );
    return ids.flatMap((id, index) => {
      const sealed = found[index];
      return sealed == null ? [] : [{ id, sealed }];
    });
  }
}

function textOf(reply: unknown): string | undefined {
  return typeof reply === 'string' ? reply : undefined;
}
