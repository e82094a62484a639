import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Authenticator } from '../../../src/auth/authenticator.js';
import { createKeyAuthenticator } from '../../../src/auth/keys/key-authenticator.js';
import { newKeyText, parseKeyText } from '../../../src/auth/keys/key-text.js';
import {
  createKey,
  listKeys,
  revokeKeys,
  rotateKey,
  type NewKey,
} from '../../../src/auth/keys/manage-keys.js';
import { createResultCache } from '../../../src/auth/result-cache.js';
import { openStore } from '../../../src/auth/store/open-store.js';
import type { Store } from '../../../src/auth/store/store.js';
import type { AuthEvent } from '../../../src/model/auth-settings.js';

const day = 86_400_000;
const start = Date.parse('2026-11-20T12:00:00Z');
const clock = { at: start };
const events: AuthEvent[] = [];
const warnings: string[] = [];

const newPath = (): string => join(mkdtempSync(join(tmpdir(), 'mxcp-keys-')), 'oauth.db');
const path = newPath();
const open = (secret: string, previousSecrets: readonly string[] = [], at = path): Promise<Store> =>
  openStore({ settings: { type: 'sqlite', path: at }, project: 'shop', secret, previousSecrets });

let store: Store;
let keys: Authenticator;
let name = '';
let count = 0;

function authenticator(over: Store): Authenticator {
  return createKeyAuthenticator({
    store: over,
    record: (event) => Promise.resolve(void events.push(event)),
    warn: (message) => void warnings.push(message),
    now: () => clock.at,
  });
}

beforeAll(async () => {
  store = await open('the site secret of these tests');
  keys = authenticator(store);
});
afterAll(() => store.close());
beforeEach(() => {
  clock.at = start;
  events.length = 0;
  name = `service-${(count += 1)}`;
});

const create = (days = 90): Promise<NewKey> =>
  createKey(
    store,
    { name, roles: ['analyst'], scopes: ['tag:orders'], expiresAt: clock.at + days * day },
    clock.at,
  );
const rotate = (overlap: number): Promise<NewKey> =>
  rotateKey(store, name, { expiresAt: clock.at + 90 * day, retireAt: clock.at + overlap }, clock.at);
const verify = (value: string, kind: 'bearer' | 'api-key' = 'api-key') => keys.verify({ kind, value });
const invalid = { code: 'AUTH_CREDENTIAL_INVALID' };

describe('the text of a key', () => {
  it('has a readable prefix, its id, 256 random bits and a checksum, in characters that survive a double click', () => {
    const texts = Array.from({ length: 200 }, () => newKeyText('ci').text);
    for (const text of texts) expect(text).toMatch(/^mxcp_[0-9a-f]{18}_[0-9A-Za-z]{49}$/);
    const secrets = new Set(texts.map((text) => text.slice(24, 67)));
    expect(secrets.size).toBe(200);
    const digits = new Set([...secrets].join(''));
    expect(digits.size).toBe(62);
    expect(2n ** 256n).toBeLessThan(62n ** 43n);
  });

  it('is known to be mistyped before anything is looked up, for every single changed or swapped character', async () => {
    const { text } = newKeyText('ci');
    const down: Store = new Proxy(store, {
      get: () => () => {
        throw new Error('the store was asked');
      },
    });
    const offline = authenticator(down);
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'x' ? 'y' : 'x';
      const changed = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
      expect(parseKeyText(changed)).toBeUndefined();
      await expect(offline.verify({ kind: 'api-key', value: changed })).rejects.toMatchObject(invalid);
      const swapped = `${text.slice(0, at)}${text[at + 1] ?? ''}${text[at] ?? ''}${text.slice(at + 2)}`;
      if (swapped !== text) expect(parseKeyText(swapped)).toBeUndefined();
    }
    for (const nonsense of [
      '',
      'mxcp_',
      `${text} `,
      ` ${text}`,
      `${text}\n`,
      text.toUpperCase(),
      'x'.repeat(1e6),
    ])
      expect(parseKeyText(nonsense)).toBeUndefined();
  });
});

describe('a key', () => {
  it('says that a service is calling, never a person, with the roles and scopes that it was given', async () => {
    const { text, info } = await create();
    const identity = await verify(text);
    expect(identity).toMatchObject({
      source: 'key',
      provider: 'api-key',
      subject: `key:${name}`,
      key: `api-key|key:${name}`,
      userId: `key:${name}`,
      username: name,
      email: null,
      name: null,
      issuer: null,
      roles: ['analyst'],
      scopes: ['tag:orders'],
      clientId: info.id,
      keyId: info.id,
      expiresAt: start + 90 * day,
    });
    expect(await verify(text, 'bearer')).toEqual(identity);
  });

  it('is recognised in X-API-Key whatever it is, and as a bearer token by its prefix alone', () => {
    expect(keys.recognises({ kind: 'api-key', value: 'anything' })).toBe(true);
    expect(keys.recognises({ kind: 'bearer', value: 'mxcp_mistyped' })).toBe(true);
    expect(keys.recognises({ kind: 'bearer', value: 'eyJhbGciOi' })).toBe(false);
  });

  it('is refused when no such key was made, when only its secret differs, and when it is of another service', async () => {
    const { info } = await create();
    await expect(verify(newKeyText(name).text)).rejects.toMatchObject(invalid);
    await expect(verify(newKeyText('nobody').text)).rejects.toMatchObject(invalid);
    for (let tries = 0; tries < 3; tries += 1) {
      const forged = forge(info.id);
      expect(parseKeyText(forged)?.id).toBe(info.id);
      await expect(verify(forged)).rejects.toMatchObject(invalid);
    }
  });

  it('is refused with the same words whether its id exists or not', async () => {
    const { info } = await create();
    const messageOf = (text: string) => verify(text).catch((error: unknown) => String(error));
    expect(await messageOf(forge(info.id))).toBe(await messageOf(newKeyText('nobody').text));
  });

  it('ends when it expires', async () => {
    const { text } = await create(1);
    clock.at = start + day - 1;
    await expect(verify(text)).resolves.toBeDefined();
    clock.at = start + day;
    await expect(verify(text)).rejects.toMatchObject(invalid);
  });

  it('is made once per name, and again when the old one has expired', async () => {
    await create(1);
    await expect(create()).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    const both = await Promise.allSettled([createAs('twice'), createAs('twice')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    clock.at = start + 2 * day;
    await expect(create()).resolves.toBeDefined();
  });

  it.each(['', 'a b', '../x', '-x', '__proto__', 'ü', 'x'.repeat(64), 'a\n'])(
    'cannot be called %j',
    async (wrong) => {
      await expect(createAs(wrong)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    },
  );
});

const createAs = (as: string): Promise<NewKey> =>
  createKey(store, { name: as, roles: [], scopes: [], expiresAt: start + day }, start);

/** A well-formed key with the id of another one: what somebody makes who knows ids and the checksum. */
function forge(id: string): string {
  for (;;) {
    const { text } = newKeyText('forged');
    const body = `mxcp_${id}_${text.slice(24, 67)}`;
    const checked = withChecksum(body);
    if (checked !== undefined) return checked;
  }
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function withChecksum(body: string): string | undefined {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let text = '';
  while (text.length < 6) {
    text = `${alphabet[rest % 62] ?? ''}${text}`;
    rest = Math.floor(rest / 62);
  }
  return parseKeyText(`${body}${text}`) && `${body}${text}`;
}

describe('rotation', () => {
  it('leaves two live keys for the overlap, and then only the new one', async () => {
    const old = await create();
    const fresh = await rotate(7 * day);
    expect(fresh.info).toMatchObject({ name, roles: ['analyst'], scopes: ['tag:orders'] });
    await expect(verify(old.text)).resolves.toBeDefined();
    await expect(verify(fresh.text)).resolves.toBeDefined();
    clock.at = start + 7 * day;
    await expect(verify(old.text)).rejects.toMatchObject(invalid);
    await expect(verify(fresh.text)).resolves.toBeDefined();
  });

  it('never makes a key live longer, and never leaves three', async () => {
    const old = await create(1);
    await rotate(30 * day);
    expect((await listKeys(store)).find(({ id }) => id === old.info.id)?.expiresAt).toBe(start + day);
    await expect(rotate(0)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    clock.at = start + day;
    await expect(rotate(0)).resolves.toBeDefined();
    expect((await listKeys(store)).filter((key) => key.name === name)).toHaveLength(1);
  });

  it('needs a live key', async () => {
    await expect(rotate(0)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await create(1);
    clock.at = start + day;
    await expect(rotate(0)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});

describe('revocation', () => {
  it('takes one key by its id, or all of a service by its name', async () => {
    const old = await create();
    const fresh = await rotate(7 * day);
    expect((await revokeKeys(store, old.info.id)).map(({ id }) => id)).toEqual([old.info.id]);
    await expect(verify(old.text)).rejects.toMatchObject(invalid);
    await expect(verify(fresh.text)).resolves.toBeDefined();
    expect(await revokeKeys(store, name)).toHaveLength(1);
    await expect(verify(fresh.text)).rejects.toMatchObject(invalid);
    expect(await revokeKeys(store, name)).toEqual([]);
  });

  it('by another process is effective within a second, through the memory of results', async () => {
    const { text } = await create();
    const monotonic = { now: 0 };
    const cache = createResultCache({ now: () => monotonic.now, wall: () => clock.at });
    const presented = { kind: 'api-key', value: text } as const;
    await cache.verify(keys, presented);
    const other = await open('the site secret of these tests');
    onTestFinished(() => other.close());
    await revokeKeys(other, name);
    monotonic.now = 1000;
    await expect(cache.verify(keys, presented)).rejects.toMatchObject(invalid);
  });

  it('is not undone by a use that is noted at the same time', async () => {
    const { text } = await create();
    await Promise.all([verify(text), revokeKeys(store, name)]);
    await expect.poll(() => listKeys(store).then((all) => all.some((key) => key.name === name))).toBe(false);
    await expect(verify(text)).rejects.toMatchObject(invalid);
  });
});

describe('the use of a key', () => {
  const lastUse = async (): Promise<number | undefined> =>
    (await listKeys(store)).find((key) => key.name === name)?.lastUsedAt;

  it('is noted at most once a minute', async () => {
    const { text } = await create();
    await verify(text);
    await expect.poll(lastUse).toBe(start);
    const before = readFileSync(`${path}-wal`).length;
    for (let i = 1; i <= 50; i += 1) {
      clock.at = start + i * 1000;
      await verify(text);
    }
    expect(readFileSync(`${path}-wal`).length).toBe(before);
    clock.at = start + 60_000;
    await verify(text);
    await expect.poll(lastUse).toBe(start + 60_000);
  });

  it('warns once a day from seven days before the key expires, whichever server sees it', async () => {
    const { text, info } = await create(8);
    const servers = [keys, authenticator(store)];
    const use = async (): Promise<void> => {
      for (const one of servers) await one.verify({ kind: 'api-key', value: text });
      await expect.poll(lastUse).toBe(clock.at);
    };
    await use();
    expect(events).toEqual([]);
    clock.at = start + day;
    await use();
    clock.at += day / 2;
    await use();
    expect(events).toMatchObject([
      {
        event: 'key-expiry',
        username: name,
        details: { key_id: info.id, expires_at: '2026-11-28T12:00:00.000Z' },
      },
    ]);
    clock.at += day / 2;
    await use();
    expect(events).toHaveLength(2);
    expect(JSON.stringify(events)).not.toContain(text.slice(24));
  });

  it('lets calls through when it cannot be noted', async () => {
    const { text } = await create();
    const full: Store = new Proxy(store, {
      get: (target, property) => {
        if (property === 'change') return () => Promise.reject(new Error('the disk is full'));
        const member: unknown = Reflect.get(target, property);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    warnings.length = 0;
    await expect(authenticator(full).verify({ kind: 'api-key', value: text })).resolves.toBeDefined();
    await expect.poll(() => warnings).toEqual(['The use of an API key could not be noted']);
  });
});

describe('the code that compares keys', () => {
  it('compares hashes in one place, in constant time, and raw keys nowhere', () => {
    const folder = new URL('../../../src/auth/keys/', import.meta.url);
    const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
    const comparing = sources.filter((text) => /timingSafeEqual\(/.test(text));
    expect(comparing).toHaveLength(1);
    for (const text of sources)
      expect(text).not.toMatch(/\b(hash|pepper|wanted|given|value|secret) *[!=]== */);
  });
});

describe('keys at rest', () => {
  it('are nowhere in the files of the store, neither whole nor their secret nor the name', async () => {
    const made = [await create(), await rotate(day)];
    const folder = join(path, '..');
    const bytes = Buffer.concat(readdirSync(folder).map((file) => readFileSync(join(folder, file))));
    expect(bytes.length).toBeGreaterThan(10_000);
    for (const { text, info } of made) {
      for (const part of [text, text.slice(24), text.slice(24, 67), info.id, name])
        expect(bytes.includes(part)).toBe(false);
    }
  });

  it('are valid after the site secret was rotated, and after everything was written again', async () => {
    const at = newPath();
    const before = await open('the site secret before', [], at);
    const request = { name, roles: [], scopes: [], expiresAt: start + day };
    const { text } = await createKey(before, request, start);
    await before.close();
    const rotated = await open('the site secret after', ['the site secret before'], at);
    await expect(authenticator(rotated).verify({ kind: 'api-key', value: text })).resolves.toBeDefined();
    await rotated.reseal();
    await rotated.close();
    const last = await open('the site secret after', [], at);
    onTestFinished(() => last.close());
    await expect(authenticator(last).verify({ kind: 'api-key', value: text })).resolves.toBeDefined();
  });
});
