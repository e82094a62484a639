import type { Json } from '../../model/json.js';

/** When a record ends, and what it can be found and removed by. */
export interface PutOptions {
  /** Milliseconds since the Unix epoch; absent: it stays until it is removed. */
  readonly expiresAt?: number;
  /** For example the person and the grant that a token belongs to. */
  readonly groups?: readonly string[];
}

/** A record as `list` gives it. Its id is not kept, so a value that needs it has it inside. */
export interface StoredRecord {
  readonly value: Json;
  readonly expiresAt?: number;
}

/**
 * Where sign-in keeps what has to outlive a request: tokens, sessions, grants, clients, API keys (spec page 06, "Storage").
 * Callers pass raw ids and plain JSON; at rest ids and groups are keyed hashes and values are AES-256-GCM, bound to kind and
 * id. What has expired is absent. Every method is atomic, also between processes, and rejects with `AUTH_UNAVAILABLE`, whose
 * message names the store, when the store cannot be reached or a record in it is damaged. Values come back as `JSON.parse`
 * makes them.
 */
export interface Store {
  get(kind: string, id: string): Promise<Json | undefined>;
  put(kind: string, id: string, value: Json, options?: PutOptions): Promise<void>;
  /** False, and nothing is written, when there is such a record. */
  putNew(kind: string, id: string, value: Json, options?: PutOptions): Promise<boolean>;
  /** Gets and removes: of several callers, one gets the value. */
  take(kind: string, id: string): Promise<Json | undefined>;
  /**
   * Writes what `update` makes of the value, or removes the record where that is undefined; gives what is there then. Expiry
   * and groups stay, or become those of `options`. `update` must be free of effects: it runs again when someone else wrote
   * meanwhile.
   */
  change(
    kind: string,
    id: string,
    update: (old: Json | undefined) => Json | undefined,
    options?: PutOptions,
  ): Promise<Json | undefined>;
  /** False when there was nothing to remove. */
  remove(kind: string, id: string): Promise<boolean>;
  /** All records of a kind, or those of them in a group, in no order. Of a long list, other work goes on meanwhile. */
  list(kind: string, group?: string): Promise<readonly StoredRecord[]>;
  /** Removes every record in a group, of any kind. */
  removeGroup(group: string): Promise<void>;
  /** Deletes a bounded number of records that had expired by `now`; says how many. Runs by itself every minute. */
  sweep(now: number): Promise<number>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  /** Writes every record that is under a previous key again, under the current one, and forgets the previous keys; says how many. */
  reseal(): Promise<number>;
  close(): Promise<void>;
}
