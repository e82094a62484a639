import { createHash } from 'node:crypto';
import { setImmediate as othersFirst } from 'node:timers/promises';
import { AuthUnavailableError } from '../../errors.js';
import type { Json } from '../../model/json.js';
import type { Backend, Expected, Row } from './backend.js';
import { forgetKeys, type StoreKeys } from './open-keys.js';
import { keyedHash, keyIdOf, seal, unseal, type StoreKey } from './seal.js';
import { asUnavailable } from './unavailable.js';
import type { PutOptions, Store, StoredRecord } from './store.js';

/** What is inside of a sealed text. The digests let a record move to another key although its id is not kept. */
interface Content {
  readonly idDigest: string;
  readonly groupDigests: readonly string[];
  readonly expiresAt?: number;
  readonly value: Json;
}

const sweepEveryMs = 60_000;
const sweepPasses = 20;
const changeAttempts = 50;
const resealPasses = 5;
const openAtOnce = 200;

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

const idDigest = (kind: string, id: string): string => digest('id', kind, id);
const groupDigest = (group: string): string => digest('group', group);
const placeOf = (kind: string, hash: string): string => `${kind}\0${hash}`;

/** The store over a place for rows: everything that is secret is decided here, once for all backends. */
export class SealedStore implements Store {
  readonly #backend: Backend;
  readonly #keys: StoreKeys;
  readonly #all: readonly StoreKey[];
  readonly #sweeper: NodeJS.Timeout;

  /** `warn` hears that sweeping failed, which fails no call. */
  constructor(backend: Backend, keys: StoreKeys, warn: (message: string, error: unknown) => void) {
    this.#backend = backend;
    this.#keys = keys;
    this.#all = [keys.current, ...keys.previous];
    this.#sweeper = setInterval(() => {
      this.#sweepAll().catch((error: unknown) => warn('Expired records could not be swept', error));
    }, sweepEveryMs).unref();
  }

  get(kind: string, id: string): Promise<Json | undefined> {
    return this.#run(async (backend) => {
      const ids = this.#hashes(idDigest(kind, id));
      const sealed = await backend.read(kind, ids);
      return sealed === undefined ? undefined : this.#live(kind, ids, sealed)?.value;
    });
  }

  async put(kind: string, id: string, value: Json, options: PutOptions = {}): Promise<void> {
    await this.#run(() => this.#write(kind, this.#content(kind, id, value, options), 'anything'));
  }

  putNew(kind: string, id: string, value: Json, options: PutOptions = {}): Promise<boolean> {
    return this.#run(() => this.#write(kind, this.#content(kind, id, value, options), 'nothing'));
  }

  take(kind: string, id: string): Promise<Json | undefined> {
    return this.#run(async (backend) => {
      const ids = this.#hashes(idDigest(kind, id));
      const sealed = await backend.take(kind, ids);
      return sealed === undefined ? undefined : this.#live(kind, ids, sealed)?.value;
    });
  }

  async change(
    kind: string,
    id: string,
    update: (old: Json | undefined) => Json | undefined,
    options?: PutOptions,
  ): Promise<Json | undefined> {
    for (let attempt = 0; attempt < changeAttempts; attempt += 1) {
      const done = await this.#tryChange(kind, id, update, options);
      if (done !== undefined) return done.value;
    }
    throw new AuthUnavailableError(
      `The store ${this.#backend.name} is too busy: one record changes all the time`,
    );
  }

  remove(kind: string, id: string): Promise<boolean> {
    return this.#run(async (backend) => {
      return (await backend.take(kind, this.#hashes(idDigest(kind, id)))) !== undefined;
    });
  }

  list(kind: string, group?: string): Promise<readonly StoredRecord[]> {
    return this.#run(async (backend) => {
      const groups = group === undefined ? undefined : this.#hashes(groupDigest(group));
      const records: StoredRecord[] = [];
      for (const [index, { id, sealed }] of (await backend.list(kind, groups)).entries()) {
        if (index % openAtOnce === openAtOnce - 1) await othersFirst();
        const content = this.#live(kind, [id], sealed);
        if (content === undefined) continue;
        const { value, expiresAt } = content;
        records.push({ value, ...(expiresAt !== undefined && { expiresAt }) });
      }
      return records;
    });
  }

  removeGroup(group: string): Promise<void> {
    return this.#run((backend) => backend.removeGroups(this.#hashes(groupDigest(group))));
  }

  sweep(now: number): Promise<number> {
    return this.#run((backend) => backend.sweep(now));
  }

  ping(): Promise<void> {
    return this.#run((backend) => backend.ping());
  }

  reseal(): Promise<number> {
    return this.#run(async (backend) => {
      let rewritten = 0;
      for (let pass = 0; pass < resealPasses; pass += 1) {
        const { written, missed } = await this.#resealAll();
        rewritten += written;
        if (missed > 0) continue;
        await forgetKeys(backend, this.#keys);
        return rewritten;
      }
      throw new AuthUnavailableError(
        `The store ${backend.name} is still written under a previous key: give every server the current one, then repeat`,
      );
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#run((backend) => backend.close());
  }

  #hashes(of: string): string[] {
    return this.#all.map((key) => keyedHash(key, of));
  }

  #content(kind: string, id: string, value: Json, { expiresAt, groups = [] }: PutOptions = {}): Content {
    return {
      idDigest: idDigest(kind, id),
      groupDigests: [...new Set(groups)].map(groupDigest),
      ...(expiresAt !== undefined && { expiresAt: Math.floor(expiresAt) }),
      value,
    };
  }

  #write(kind: string, content: Content, expected: Expected): Promise<boolean> {
    const { current } = this.#keys;
    const ids = this.#hashes(content.idDigest);
    const id = keyedHash(current, content.idDigest);
    const row: Row = {
      id,
      sealed: seal(current, placeOf(kind, id), JSON.stringify(content)),
      groups: content.groupDigests.map((one) => keyedHash(current, one)),
      expiresAt: content.expiresAt,
    };
    return this.#backend.write(kind, ids, row, expected);
  }

  /** Undefined: somebody else wrote in between. What `update` throws passes through. */
  async #tryChange(
    kind: string,
    id: string,
    update: (old: Json | undefined) => Json | undefined,
    options: PutOptions | undefined,
  ): Promise<{ readonly value: Json | undefined } | undefined> {
    const ids = this.#hashes(idDigest(kind, id));
    const sealed = await this.#run((backend) => backend.read(kind, ids));
    const old = sealed === undefined ? undefined : this.#live(kind, ids, sealed);
    const value = update(old?.value);
    return this.#run(async (backend) => {
      if (value === undefined && sealed === undefined) return { value };
      const written =
        value === undefined
          ? (await backend.take(kind, ids, sealed)) !== undefined
          : await this.#write(
              kind,
              old === undefined || options !== undefined
                ? this.#content(kind, id, value, options)
                : { ...old, value },
              sealed === undefined ? 'nothing' : { sealed },
            );
      return written ? { value } : undefined;
    });
  }

  /** The content of a row at one of these ids; undefined when it has expired. Throws when it does not belong there. */
  #live(kind: string, ids: readonly string[], sealed: string): Content | undefined {
    const content = this.#open(kind, ids, sealed);
    return content.expiresAt !== undefined && content.expiresAt <= Date.now() ? undefined : content;
  }

  #open(kind: string, ids: readonly string[], sealed: string): Content {
    const key = this.#all.find(({ id }) => id === keyIdOf(sealed));
    if (key === undefined) {
      throw new AuthUnavailableError(
        `The store ${this.#backend.name} has a record under a key that is not configured, or that is damaged`,
      );
    }
    for (const id of ids) {
      try {
        // What opens is what this program wrote: it has the form that it was written in.
        return JSON.parse(unseal(key, placeOf(kind, id), sealed)) as Content;
      } catch {
        // it may be at home at another of the possible ids
      }
    }
    throw new AuthUnavailableError(
      `The store ${this.#backend.name} has a ${kind} record that was changed or moved: restore the store from a backup, ` +
        'or move it away to start over',
    );
  }

  /** One pass over everything. A record is missed when somebody else wrote it in between. */
  async #resealAll(): Promise<{ readonly written: number; readonly missed: number }> {
    let [written, missed] = [0, 0];
    let cursor: string | undefined;
    do {
      const page = await this.#backend.page(cursor);
      for (const { kind, id, sealed } of page.rows) {
        if (keyIdOf(sealed) === this.#keys.current.id) continue;
        if (await this.#write(kind, this.#open(kind, [id], sealed), { sealed })) written += 1;
        else missed += 1;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return { written, missed };
  }

  async #sweepAll(): Promise<void> {
    for (let pass = 0; pass < sweepPasses; pass += 1) {
      if ((await this.sweep(Date.now())) === 0) return;
    }
  }

  #run<T>(work: (backend: Backend) => Promise<T>): Promise<T> {
    return asUnavailable(this.#backend.name, () => work(this.#backend));
  }
}
