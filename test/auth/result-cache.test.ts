import { describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/auth/authenticator.js';
import type { VerifiedIdentity } from '../../src/auth/identity.js';
import { createResultCache } from '../../src/auth/result-cache.js';
import { CredentialInvalidError } from '../../src/errors.js';

function identity(subject: string, expiresAt?: number): VerifiedIdentity {
  return {
    source: 'verified',
    provider: 'p',
    issuer: null,
    subject,
    key: `p|${subject}`,
    userId: subject,
    username: null,
    email: null,
    name: null,
    claims: {},
    scopes: [],
    clientId: null,
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** A way in that takes every credential except `bad…`, and counts. */
function counting(options: { maxAgeMs?: number; expiresAt?: number; wait?: () => Promise<void> } = {}) {
  const seen: string[] = [];
  const { maxAgeMs, expiresAt, wait } = options;
  const authenticator: Authenticator = {
    ...(maxAgeMs !== undefined && { maxAgeMs }),
    recognises: () => true,
    verify: async ({ value }) => {
      seen.push(value);
      await wait?.();
      if (value.startsWith('bad')) throw new CredentialInvalidError('no');
      return identity(value, expiresAt);
    },
  };
  return { seen, authenticator };
}

const clock = { at: 0, now: () => clock.at, wall: () => 1_000_000 + clock.at };
const bearer = (value: string) => ({ kind: 'bearer', value }) as const;

describe('a verified credential', () => {
  it('is taken from memory for a second and no longer, the same object each time', async () => {
    clock.at = 0;
    const cache = createResultCache(clock);
    const { seen, authenticator } = counting();
    const first = await cache.verify(authenticator, bearer('a'));
    clock.at = 999;
    expect(await cache.verify(authenticator, bearer('a'))).toBe(first);
    clock.at = 1_000;
    expect(await cache.verify(authenticator, bearer('a'))).not.toBe(first);
    expect(seen).toEqual(['a', 'a']);
  });

  it('counts from the moment that its check began', async () => {
    clock.at = 0;
    const cache = createResultCache(clock);
    const { seen, authenticator } = counting({
      wait: () => Promise.resolve().then(() => void (clock.at = 900)),
    });
    await cache.verify(authenticator, bearer('a'));
    clock.at = 1_000;
    await cache.verify(authenticator, bearer('a'));
    expect(seen.length).toBe(2);
  });

  it('is checked again when it expires, whatever the way in allows', async () => {
    clock.at = 0;
    const cache = createResultCache(clock);
    const { seen, authenticator } = counting({ maxAgeMs: 60_000, expiresAt: 1_000_500 });
    await cache.verify(authenticator, bearer('a'));
    clock.at = 499;
    await cache.verify(authenticator, bearer('a'));
    expect(seen.length).toBe(1);
    clock.at = 500;
    await cache.verify(authenticator, bearer('a'));
    expect(seen.length).toBe(2);
  });

  it('is not known by another header or another text', async () => {
    const cache = createResultCache(clock);
    const { seen, authenticator } = counting();
    await cache.verify(authenticator, bearer('a'));
    await cache.verify(authenticator, { kind: 'api-key', value: 'a' });
    await cache.verify(authenticator, bearer('a '));
    expect(seen).toEqual(['a', 'a', 'a ']);
  });
});

describe('checks', () => {
  it('of one credential at once are one check, of which a failure is told to all and then forgotten', async () => {
    const cache = createResultCache(clock);
    const { seen, authenticator } = counting();
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => cache.verify(authenticator, bearer('bad'))),
    );
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(seen.length).toBe(1);
    await expect(cache.verify(authenticator, bearer('bad'))).rejects.toThrow('no');
    expect(seen.length).toBe(2);
  });

  it('that throw at once are forgotten too', async () => {
    const cache = createResultCache(clock);
    let calls = 0;
    const authenticator: Authenticator = {
      recognises: () => true,
      verify: () => {
        calls += 1;
        throw new CredentialInvalidError('no');
      },
    };
    for (const times of [1, 2]) {
      await expect(cache.verify(authenticator, bearer('x'))).rejects.toThrow('no');
      expect(calls).toBe(times);
    }
  });

  it('of very many credentials keep only the ones that were used last', async () => {
    clock.at = 0;
    const cache = createResultCache(clock, 100);
    const { seen, authenticator } = counting();
    for (let index = 0; index < 1_000; index += 1) {
      await cache.verify(authenticator, bearer(`t${index}`));
      await cache.verify(authenticator, bearer('t0'));
    }
    expect(seen.length).toBe(1_000);
    await cache.verify(authenticator, bearer('t950'));
    expect(seen.length).toBe(1_000);
    await cache.verify(authenticator, bearer('t850'));
    expect(seen.length).toBe(1_001);
  });
});
