import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createIntrospector } from '../../../src/auth/verify/introspection.js';
import type { VerifiedIdentity } from '../../../src/auth/identity.js';
import { isMxcpError } from '../../../src/errors.js';
import {
  audience,
  introspectionClient,
  startTokenIssuer,
  type TokenIssuer,
  trusting,
} from './token-issuer.js';

let issuer: TokenIssuer;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 1000) * 1000 });
  issuer = await startTokenIssuer();
});

afterEach(() => {
  issuer.down = false;
});

afterAll(() => {
  vi.useRealTimers();
  return issuer.close();
});

function introspector(secret = introspectionClient.clientSecret) {
  const { clientId } = introspectionClient;
  return createIntrospector(trusting(issuer), {
    url: `${issuer.url}/introspect`,
    clientId,
    clientSecret: secret,
    cacheMs: 60_000,
  });
}

const seconds = (offset: number): number => Math.floor(Date.now() / 1000) + offset;

async function ask(answer: unknown): Promise<VerifiedIdentity> {
  issuer.opaque.set('t0ken', answer);
  return introspector().verify({ kind: 'bearer', value: 't0ken' });
}

const good = { active: true, sub: 'ada', aud: audience, exp: 60 };

describe('an opaque token', () => {
  it.each(['mxcp_0', 'mxat_0', 'mxrt_0'])('is shown to no issuer when it is one of ours: %s', (value) => {
    expect(introspector().recognises({ kind: 'bearer', value })).toBe(false);
    expect(introspector().recognises({ kind: 'bearer', value: value.slice(1) })).toBe(true);
  });

  it('is who the issuer says it is', async () => {
    const identity = await ask({
      ...good,
      exp: seconds(60),
      scope: 'tag:hr',
      client_id: 'desk',
      iss: issuer.url,
    });
    expect(identity).toMatchObject({ key: 'corp|ada', scopes: ['tag:hr'], clientId: 'desk' });
    expect(identity.expiresAt).toBe(seconds(120) * 1000);
  });

  const refused: Record<string, unknown> = {
    'is not active': { active: false },
    'is active by a text': { ...good, active: 'true' },
    'is meant for another server': { ...good, aud: 'https://other.example.com' },
    'is meant for nobody in particular': { ...good, aud: undefined },
    'is of another issuer': { ...good, iss: 'https://evil.example.com' },
    'expired 60 seconds ago': { ...good, exp: seconds(-60) },
    'is valid in 61 seconds only': { ...good, exp: seconds(300), nbf: seconds(61) },
    'has an expiry that is no number': { ...good, exp: 'never' },
    'has no subject': { ...good, exp: seconds(60), sub: undefined },
    'is answered with a list': [good],
    'is answered with null': null,
  };
  it.each(Object.entries(refused))('is refused when it %s', async (_why, answer) => {
    await expect(ask(answer)).rejects.toMatchObject({ code: 'AUTH_CREDENTIAL_INVALID' });
  });

  it('is neither accepted nor refused while the issuer cannot be asked', async () => {
    issuer.down = true;
    await expect(ask(good)).rejects.toMatchObject({ code: 'AUTH_UNAVAILABLE' });
    issuer.down = false;
    await expect(introspector('wrong').verify({ kind: 'bearer', value: 't0ken' })).rejects.toMatchObject({
      code: 'AUTH_UNAVAILABLE',
      message: expect.not.stringContaining('t0ken') as unknown,
    });
  });

  it('is not asked about while a hundred others are', async () => {
    const way = introspector();
    const verify = (value: string): Promise<string> =>
      way.verify({ kind: 'bearer', value }).then(
        () => 'none',
        (error: unknown) => (isMxcpError(error) ? error.code : ''),
      );
    const before = issuer.asked.introspections();
    const codes = await Promise.all(Array.from({ length: 101 }, (_, index) => verify(`made-up-${index}`)));
    expect(codes.filter((code) => code === 'AUTH_CREDENTIAL_INVALID')).toHaveLength(100);
    expect(codes.at(-1)).toBe('AUTH_UNAVAILABLE');
    expect(issuer.asked.introspections() - before).toBe(100);
    expect(await verify('made-up-100')).toBe('AUTH_CREDENTIAL_INVALID');
  });

  it('is what is no JWT, and comes in the Authorization header', async () => {
    const way = introspector();
    expect(way.recognises({ kind: 'bearer', value: 't0ken' })).toBe(true);
    expect(way.recognises({ kind: 'bearer', value: await issuer.sign() })).toBe(false);
    expect(way.recognises({ kind: 'api-key', value: 't0ken' })).toBe(false);
    expect(way.maxAgeMs).toBe(1_000);
  });
});
