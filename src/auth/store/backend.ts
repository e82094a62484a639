/** A record at rest: nothing in it can be read without the key. */
export interface Row {
  /** Keyed hash of the id. */
  readonly id: string;
  readonly sealed: string;
  /** Keyed hashes of the groups. */
  readonly groups: readonly string[];
  /** Milliseconds since the Unix epoch; for sweeping only, what counts is inside of `sealed`. */
  readonly expiresAt: number | undefined;
}

/** What must be there for a write to happen: anything, nothing, or exactly this sealed text. */
export type Expected = { readonly sealed: string } | 'anything' | 'nothing';

/** One page of all records of a store, and where the next one begins; no cursor: that was the last. */
export interface Page {
  readonly rows: readonly (Pick<Row, 'id' | 'sealed'> & { readonly kind: string })[];
  readonly cursor: string | undefined;
}

/**
 * Where sealed rows are kept. A record has several possible ids while a previous key is configured: the one under the
 * current key first. Rows that have expired count as absent. Every method is atomic between processes; what an engine throws
 * passes through.
 */
export interface Backend {
  /** What operators call it: a path, or an address without credentials. */
  readonly name: string;
  /** Facts about the store itself, such as the salt. */
  readMeta(): Promise<ReadonlyMap<string, string>>;
  /** Gives the value that is there afterwards: another process may have been first. */
  claimMeta(name: string, value: string): Promise<string>;
  removeMeta(name: string): Promise<void>;
  read(kind: string, ids: readonly string[]): Promise<string | undefined>;
  /** Replaces the row of any of `ids`. False when what is there is not what was expected. */
  write(kind: string, ids: readonly string[], row: Row, expected: Expected): Promise<boolean>;
  /** Removes the row of any of `ids`, when it is `expected` where that is given; gives what was removed. */
  take(kind: string, ids: readonly string[], expected?: string): Promise<string | undefined>;
  /** Rows of a kind, in any of the groups where these are given. */
  list(kind: string, groups?: readonly string[]): Promise<readonly Pick<Row, 'id' | 'sealed'>[]>;
  removeGroups(groups: readonly string[]): Promise<void>;
  page(cursor: string | undefined): Promise<Page>;
  sweep(now: number): Promise<number>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
