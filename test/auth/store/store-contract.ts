import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../../src/auth/store/open-store.js';
import type { Store } from '../../../src/auth/store/store.js';
import type { PersistenceSettings } from '../../../src/model/auth-settings.js';
import type { Json } from '../../../src/model/json.js';

export const secret = 'the site secret of these tests';

/** A store of its own under this secret, closed when the test has ended. */
export async function openAt(
  settings: PersistenceSettings,
  keys: { secret?: string; previousSecrets?: readonly string[]; encryptionKey?: string } = {},
): Promise<Store> {
  const store = await openStore({ settings, project: 'shop', secret, previousSecrets: [], ...keys });
  onTestFinished(() => store.close());
  return store;
}

const soon = (): number => Date.now() + 60_000;

/** What every store promises, whatever it is kept in. `fresh` gives the settings of an empty one. */
export function storeContract(name: string, fresh: () => Promise<PersistenceSettings>): void {
  describe(`the store in ${name}`, () => {
    let settings: PersistenceSettings;
    let store: Store;
    beforeAll(async () => {
      settings = await fresh();
      store = await openStore({ settings, project: 'shop', secret, previousSecrets: [] });
    });
    afterAll(() => store.close());

    it('gives back what was put, for any JSON and any id', async () => {
      const value = { text: 'ü\0\ud83d\ude00', nested: [1, null, { __proto__: 1 }], ['__proto__']: 'a key' };
      const json = JSON.parse(JSON.stringify(value)) as Json;
      for (const id of ['plain', '', '__proto__', 'a b\nc', '%$?', 'x'.repeat(5000)]) {
        await store.put('any', id, json);
        expect(await store.get('any', id)).toEqual(json);
      }
      expect(await store.get('any', 'another')).toBeUndefined();
      expect(await store.get('anything', 'plain')).toBeUndefined();
    });

    it('replaces the value, the expiry and the groups of what is put again', async () => {
      await store.put('again', 'one', 1, { expiresAt: soon(), groups: ['left'] });
      await store.put('again', 'one', 2, { groups: ['right'] });
      expect(await store.list('again', 'left')).toEqual([]);
      expect(await store.list('again', 'right')).toEqual([{ value: 2 }]);
    });

    it('puts a new record once', async () => {
      const answers = await Promise.all([1, 2, 3].map((value) => store.putNew('new', 'one', value)));
      expect(answers.filter((answer) => answer)).toHaveLength(1);
      expect(await store.putNew('new', 'one', 9)).toBe(false);
      expect(await store.get('new', 'one')).not.toBe(9);
    });

    it('gives a record to one taker only', async () => {
      const other = await openAt(settings);
      for (let round = 0; round < 20; round += 1) {
        await store.put('code', 'one', round);
        const takers = [store, other, store, other].map((one) => one.take('code', 'one'));
        const got = (await Promise.all(takers)).filter((value) => value !== undefined);
        expect(got).toEqual([round]);
      }
    });

    it('loses no change of several processes at once', async () => {
      const others = [store, await openAt(settings), await openAt(settings)];
      await store.put('count', 'one', 0, { groups: ['kept'], expiresAt: soon() });
      const add = (old: Json | undefined): Json => Number(old) + 1;
      await Promise.all([...others, ...others, ...others].map((one) => one.change('count', 'one', add)));
      expect(await store.get('count', 'one')).toBe(9);
      expect(await store.list('count', 'kept')).toMatchObject([
        { value: 9, expiresAt: expect.any(Number) as number },
      ]);
    });

    it('changes what is not there yet, and removes what the change says', async () => {
      expect(await store.change('made', 'one', (old) => old ?? 'first')).toBe('first');
      expect(await store.get('made', 'one')).toBe('first');
      expect(await store.change('made', 'one', () => undefined)).toBeUndefined();
      expect(await store.get('made', 'one')).toBeUndefined();
      expect(await store.change('made', 'one', () => undefined)).toBeUndefined();
    });

    it('changes when a record ends, and what it is removed by, where the change says so', async () => {
      await store.put('kept', 'one', 1, { expiresAt: Date.now() + 60_000, groups: ['former'] });
      const expiresAt = Date.now() + 120_000;
      await store.change('kept', 'one', () => 2, { expiresAt, groups: ['later'] });
      expect(await store.list('kept', 'former')).toEqual([]);
      expect(await store.list('kept', 'later')).toEqual([{ value: 2, expiresAt }]);
      expect(await store.change('kept', 'two', () => undefined, { expiresAt })).toBeUndefined();
      await store.removeGroup('later');
    });

    it('passes on what the change itself throws, and changes nothing', async () => {
      await store.put('throws', 'one', 1);
      const fail = (): never => {
        throw new RangeError('no');
      };
      await expect(store.change('throws', 'one', fail)).rejects.toThrow(RangeError);
      expect(await store.get('throws', 'one')).toBe(1);
    });

    it('has no record that has expired, in any way of asking', async () => {
      const expiresAt = Date.now() - 1;
      const old = { expiresAt, groups: ['old'] };
      for (const id of ['get', 'take', 'new', 'change', 'list']) await store.put('old', id, id, old);
      expect(await store.get('old', 'get')).toBeUndefined();
      expect(await store.take('old', 'take')).toBeUndefined();
      expect(await store.list('old')).toEqual([]);
      expect(await store.list('old', 'old')).toEqual([]);
      expect(await store.remove('old', 'get')).toBe(false);
      expect(await store.change('old', 'change', (value) => (value === undefined ? 'new' : 'old'))).toBe(
        'new',
      );
      expect(await store.putNew('old', 'new', 1)).toBe(true);
    });

    it('sweeps what has expired and nothing else', async () => {
      await store.put('swept', 'gone', 1, { expiresAt: soon(), groups: ['swept'] });
      await store.put('swept', 'later', 2, { expiresAt: soon() + 60_000, groups: ['swept'] });
      await store.put('swept', 'always', 3, { groups: ['swept'] });
      while ((await store.sweep(soon() + 1)) > 0);
      const values = (await store.list('swept', 'swept')).map(({ value }) => value);
      expect(values.sort()).toEqual([2, 3]);
    });

    it('removes a group of any kinds, and nothing of another group', async () => {
      await store.put('token', 'a', 1, { groups: ['ann', 'grant'] });
      await store.put('session', 'b', 2, { groups: ['ann'], expiresAt: soon() });
      await store.put('token', 'c', 3, { groups: ['bob'] });
      await store.removeGroup('ann');
      expect([await store.get('token', 'a'), await store.get('session', 'b')]).toEqual([
        undefined,
        undefined,
      ]);
      expect(await store.list('token', 'grant')).toEqual([]);
      expect(await store.list('token', 'bob')).toEqual([{ value: 3 }]);
    });

    it('lists every record of a kind once, beyond a page, and lets other work go on meanwhile', async () => {
      const ids = Array.from({ length: 450 }, (_, index) => index);
      await Promise.all(ids.map((id) => store.put('many', String(id), id)));
      let others = 'waited';
      setImmediate(() => (others = 'went on'));
      const values = (await store.list('many')).map(({ value }) => Number(value));
      expect([others, values.sort((a, b) => a - b)]).toEqual(['went on', ids]);
    });

    it('refuses to open under another secret: it never looks empty', async () => {
      await store.put('kept', 'one', 1);
      const wrong = openAt(settings, { secret: 'another site secret' });
      await expect(wrong).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        problems: [
          { rule: 'auth-store-key', remedy: expect.stringContaining('auth.previous_keys') as string },
        ],
      });
      expect(await store.get('kept', 'one')).toBe(1);
    });

    it('behaves like a map, whatever is done to it', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
          const model: Model = new Map();
          const kind = `model ${(run += 1)}`;
          for (const one of operations) {
            expect(await apply(store, kind, one)).toEqual(applyToModel(model, one));
          }
          const texts = (values: Iterable<{ readonly value: Json }>): string[] =>
            [...values].map(({ value }) => JSON.stringify(value)).sort();
          expect(texts(await store.list(kind))).toEqual(texts(model.values()));
        }),
        { numRuns: 60 },
      );
    }, 60_000);
  });

  describe(`rotation of the secret of the store in ${name}`, () => {
    const before = 'the secret before the rotation';
    const after = 'the secret after the rotation';

    it('reads, finds and removes what was written under the previous secret', async () => {
      const settings = await fresh();
      const old = await openAt(settings, { secret: before });
      await old.put('token', 'a', 1, { groups: ['ann'] });
      await old.put('token', 'b', 2, { groups: ['ann'] });
      await old.put('token', 'c', 3);
      const store = await openAt(settings, { secret: after, previousSecrets: [before] });
      expect(await store.get('token', 'a')).toBe(1);
      expect(await store.putNew('token', 'a', 9)).toBe(false);
      expect(await store.list('token', 'ann')).toHaveLength(2);
      expect(await store.change('token', 'c', () => 4)).toBe(4);
      expect(await store.take('token', 'c')).toBe(4);
      await store.removeGroup('ann');
      expect(await store.list('token')).toEqual([]);
    });

    it('needs the previous secret until everything was written again, and then no more', async () => {
      const settings = await fresh();
      const old = await openAt(settings, { secret: before });
      for (let i = 0; i < 250; i += 1) await old.put('token', String(i), i, { groups: ['ann'] });
      const store = await openAt(settings, { secret: after, previousSecrets: [before] });
      await store.put('token', 'new', 'new');
      await expect(openAt(settings, { secret: after })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      expect(await store.reseal()).toBe(250);
      const last = await openAt(settings, { secret: after });
      expect(await last.get('token', '17')).toBe(17);
      expect(await last.list('token', 'ann')).toHaveLength(250);
      expect(await last.reseal()).toBe(0);
      await expect(openAt(settings, { secret: before })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    });

    it('takes an encryption key of its own, and reads what was under the site secret', async () => {
      const settings = await fresh();
      await (await openAt(settings)).put('token', 'a', 1);
      const store = await openAt(settings, { encryptionKey: 'a key for the store alone' });
      expect(await store.get('token', 'a')).toBe(1);
      await store.reseal();
      await expect(openAt(settings)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    });

    it('is refused to the second of two servers that make one store under different secrets', async () => {
      const settings = await fresh();
      const both = await Promise.allSettled([
        openAt(settings, { secret: before }),
        openAt(settings, { secret: after }),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });
  });
}

type Model = Map<string, { value: Json; groups: readonly string[] }>;

const groups = ['g', 'h'];
const ids = fc.constantFrom('a', 'b', 'c', '__proto__');
const operation = fc.oneof(
  fc.record({ do: fc.constant('put'), id: ids, value: fc.nat(9), groups: fc.subarray(groups) }),
  fc.record({ do: fc.constant('putNew'), id: ids, value: fc.nat(9), groups: fc.subarray(groups) }),
  fc.record({
    do: fc.constantFrom('get', 'take', 'remove', 'change'),
    id: ids,
    value: fc.nat(9),
    groups: fc.constant([]),
  }),
  fc.record({
    do: fc.constant('removeGroup'),
    id: fc.constantFrom(...groups),
    value: fc.nat(1),
    groups: fc.constant([]),
  }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const changed = (old: Json | undefined, value: number): Json | undefined =>
  value === 0 ? undefined : [old ?? null, value];

async function apply(
  store: Store,
  kind: string,
  { do: name, id, value, groups: some }: Operation,
): Promise<unknown> {
  const options = { groups: some.map((group) => `${kind} ${group}`) };
  switch (name) {
    case 'put':
      return store.put(kind, id, value, options);
    case 'putNew':
      return store.putNew(kind, id, value, options);
    case 'get':
      return store.get(kind, id);
    case 'take':
      return store.take(kind, id);
    case 'remove':
      return store.remove(kind, id);
    case 'change':
      return store.change(kind, id, (old) => changed(old, value));
    default:
      return store.removeGroup(`${kind} ${id}`);
  }
}

function applyToModel(model: Model, { do: name, id, value, groups: some }: Operation): unknown {
  const old = model.get(id);
  switch (name) {
    case 'put':
      model.set(id, { value, groups: some });
      return undefined;
    case 'putNew':
      if (old === undefined) model.set(id, { value, groups: some });
      return old === undefined;
    case 'get':
      return old?.value;
    case 'take':
      model.delete(id);
      return old?.value;
    case 'remove':
      return model.delete(id);
    case 'change': {
      const next = changed(old?.value, value);
      if (next === undefined) model.delete(id);
      else model.set(id, { value: next, groups: old?.groups ?? [] });
      return next;
    }
    default:
      for (const [key, record] of model) if (record.groups.includes(id)) model.delete(key);
      return undefined;
  }
}
