import type { Json } from '../../model/json.js';
import type { PutOptions, Store } from '../store/store.js';

/** Records of one kind and form in the store. */
export interface Collection<T> {
  get(id: string): Promise<T | undefined>;
  put(id: string, value: T, options: PutOptions): Promise<void>;
  /** False, and nothing is written, when there is such a record. */
  putNew(id: string, value: T, options: PutOptions): Promise<boolean>;
  /** Gets and removes: of several callers, one gets it. */
  take(id: string): Promise<T | undefined>;
  /** Writes what `update` makes of a record that is there; see `Store.change`. */
  change(id: string, update: (old: T) => T, options?: PutOptions): Promise<T | undefined>;
  /** All, or those of a group. */
  list(group?: string): Promise<readonly T[]>;
  remove(id: string): Promise<boolean>;
  /** Removes a record that is there and of which `test` is true then. */
  removeIf(id: string, test: (value: T) => boolean): Promise<void>;
}

/** Plain JSON, without members that are undefined. */
function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** Records as this program wrote them: the store opens nothing else, so this is the one place that takes their form on trust. */
export function collectionOf<T>(store: Store, kind: string): Collection<T> {
  const read = (value: Json | undefined): T | undefined => value as T | undefined;
  return {
    get: async (id) => read(await store.get(kind, id)),
    put: (id, value, options) => store.put(kind, id, toJson(value), options),
    putNew: (id, value, options) => store.putNew(kind, id, toJson(value), options),
    take: async (id) => read(await store.take(kind, id)),
    change: async (id, update, options) => {
      const changed = (value: Json | undefined): Json | undefined => {
        const old = read(value);
        return old === undefined ? undefined : toJson(update(old));
      };
      return read(await store.change(kind, id, changed, options));
    },
    list: async (group) => (await store.list(kind, group)).flatMap(({ value }) => read(value) ?? []),
    remove: (id) => store.remove(kind, id),
    removeIf: async (id, test) => {
      await store.change(kind, id, (value) => {
        const old = read(value);
        return old === undefined || test(old) ? undefined : value;
      });
    },
  };
}
