import { createHmac, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createJwtVerifier } from '../../../src/auth/verify/jwt.js';
import type { VerifiedIdentity } from '../../../src/auth/identity.js';
import type { VerifierSettings } from '../../../src/model/auth-settings.js';
import { audience, startTokenIssuer, type TokenIssuer, trusting } from './token-issuer.js';

let issuer: TokenIssuer;

beforeAll(async () => {
  // Whole seconds that stand still, so that bounds can be met exactly.
  vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 1000) * 1000 });
  issuer = await startTokenIssuer();
});

afterAll(() => {
  vi.useRealTimers();
  return issuer.close();
});

/** Small numbers of `exp` and `nbf` are seconds from now. */
function timed(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const changed: Record<string, unknown> = { ...claims };
  for (const name of ['exp', 'nbf'])
    if (typeof changed[name] === 'number') changed[name] = seconds(changed[name]);
  return changed;
}

async function verify(token: string, changes: Partial<VerifierSettings> = {}): Promise<VerifiedIdentity> {
  return createJwtVerifier(trusting(issuer, changes)).verify({ kind: 'bearer', value: token });
}

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = (offset: number): number => Math.floor(Date.now() / 1000) + offset;

/** A token whose signature is what `sign` makes of its first two parts. */
function forged(header: object, sign: (input: string) => string, claims: object = {}): string {
  const payload = { iss: issuer.url, aud: audience, sub: 'mallory', exp: seconds(300), ...claims };
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${sign(input)}`;
}

describe('a JWT is refused when', () => {
  const changed: Record<string, Record<string, unknown>> = {
    'its audience is another server': { aud: 'https://other.example.com/mcp' },
    'its audience is a prefix of ours': { aud: 'https://mcp.example.com' },
    'it has no audience': { aud: undefined },
    'its issuer is another one': { iss: 'https://evil.example.com' },
    'it expired 61 seconds ago': { exp: -61 },
    'it expired 60 seconds ago': { exp: -60 },
    'it never expires': { exp: undefined },
    'its expiry is a text': { exp: '99999999999' },
    'it is valid in 61 seconds only': { nbf: 61 },
    'it names no subject': { sub: undefined },
    'its subject is empty': { sub: '' },
    'its subject is no text': { sub: 17 },
    'its subject is longer than OpenID Connect allows': { sub: 'a'.repeat(256) },
  };
  it.each(Object.entries(changed))('%s', async (_why, claims) => {
    expect(await codeOf(issuer.sign(timed(claims)).then((token) => verify(token)))).toBe(
      'AUTH_CREDENTIAL_INVALID',
    );
  });

  it('a claim is wrong, which is named and not quoted', async () => {
    for (const [claim, wrong] of Object.entries({
      aud: 'https://other.example.com/mcp',
      exp: -61,
      nbf: 61,
    })) {
      const token = await issuer.sign(timed({ [claim]: wrong }));
      await expect(verify(token)).rejects.toThrow(
        new RegExp(`^The token is not valid \\(claim ${claim}\\)$`),
      );
    }
  });

  it('its algorithm is none', async () => {
    for (const alg of ['none', 'None', 'NONE', ''])
      expect(await codeOf(verify(forged({ alg, kid: 'first' }, () => '')))).toBe('AUTH_CREDENTIAL_INVALID');
  });

  it('it is signed by HMAC with our public key as the secret', async () => {
    const jwk = issuer.publicKey();
    const pem = createPublicKey({ key: jwk, format: 'jwk' })
      .export({ type: 'spki', format: 'pem' })
      .toString();
    for (const secret of [pem, JSON.stringify(jwk), jwk.n ?? '']) {
      const token = forged({ alg: 'HS256', kid: 'first' }, (input) =>
        createHmac('sha256', secret).update(input).digest('base64url'),
      );
      expect(await codeOf(verify(token))).toBe('AUTH_CREDENTIAL_INVALID');
    }
  });

  it('its algorithm is not among those that the operator listed', async () => {
    expect(await codeOf(verify(await issuer.sign(), { algorithms: ['ES256'] }))).toBe(
      'AUTH_CREDENTIAL_INVALID',
    );
  });

  it('one character of any part was changed', async () => {
    const token = await issuer.sign();
    const parts = token.split('.');
    for (const index of [0, 1, 2]) {
      const part = parts[index] ?? '';
      const middle = Math.floor(part.length / 2);
      const swapped = part.slice(0, middle) + (part[middle] === 'A' ? 'B' : 'A') + part.slice(middle + 1);
      expect(await codeOf(verify(parts.with(index, swapped).join('.')))).toBe('AUTH_CREDENTIAL_INVALID');
    }
  });

  it('it brings its own key or names where to fetch one', async () => {
    const before = issuer.asked.keys();
    for (const header of [
      { alg: 'RS256', kid: 'mine', jwk: issuer.publicKey() },
      { alg: 'RS256', kid: 'mine', jku: `${issuer.url}/jwks?attacker` },
      { alg: 'RS256', kid: '../first' },
      { alg: 'RS256', kid: 'first', crit: ['exp'], exp: 1 },
    ])
      expect(await codeOf(verify(forged(header, () => 'AAAA')))).toBe('AUTH_CREDENTIAL_INVALID');
    expect(issuer.asked.keys() - before).toBeLessThanOrEqual(4);
  });

  it('it is not even a JWT', async () => {
    for (const text of ['', 'a.b', 'a.b.c', '..', 'a.b.c.d.e', `${'x'.repeat(10_000)}.y.z`])
      expect(await codeOf(verify(text))).toBe('AUTH_CREDENTIAL_INVALID');
  });

  it('and no text of a refusal repeats what was sent', async () => {
    const token = await issuer.sign({ aud: 'https://secret-audience.example.com', sub: 'secret-subject' });
    const error: unknown = await verify(token).catch((reason: unknown) => reason);
    expect(String(error)).not.toMatch(/secret-|eyJ/);
  });
});

describe('a JWT is accepted when', () => {
  const fine: Record<string, Record<string, unknown>> = {
    'it expired 59 seconds ago': { exp: -59 },
    'it is valid in 60 seconds': { nbf: 60 },
    'our audience is one of several': { aud: ['https://other.example.com', audience] },
    'it has claims that are named like members of objects': { constructor: 'x', toString: 1 },
  };
  it.each(Object.entries(fine))('%s', async (_why, claims) => {
    expect(await codeOf(issuer.sign(timed(claims)).then((token) => verify(token)))).toBe('accepted');
  });

  it('any of several configured audiences is meant', async () => {
    const token = await issuer.sign({ aud: 'second' });
    expect(await codeOf(verify(token, { audience: ['first', 'second'] }))).toBe('accepted');
  });

  it('the keys are found by discovery', async () => {
    const settings = Object.entries(trusting(issuer)).filter(([name]) => name !== 'jwksUri');
    const verifier = createJwtVerifier(Object.fromEntries(settings) as unknown as VerifierSettings);
    expect((await verifier.verify({ kind: 'bearer', value: await issuer.sign() })).subject).toBe('ada');
  });
});

describe('what a JWT says', () => {
  it('is who is calling, by issuer and subject', async () => {
    const token = await issuer.sign({
      name: 'Ada',
      preferred_username: 'ada.l',
      client_id: 'desk',
      scope: 'tag:hr x',
    });
    expect(await verify(token)).toMatchObject({
      source: 'verified',
      key: 'corp|ada',
      userId: 'ada',
      username: 'ada.l',
      name: 'Ada',
      clientId: 'desk',
      scopes: ['tag:hr', 'x'],
    });
  });

  it('is an e-mail address only when the issuer says that it is verified', async () => {
    const email = 'ada@example.com';
    for (const [verified, shown] of [
      [true, email],
      [false, null],
      ['true', null],
      [1, null],
      [undefined, null],
    ])
      expect((await verify(await issuer.sign({ email, email_verified: verified }))).email).toBe(shown);
  });

  it('gives role, permissions, groups and capabilities where the settings say so and nowhere else', async () => {
    const claims = {
      'https://example.com/role': 'hr',
      realm: { roles: ['a', 'b'], 'x.y': 'no' },
      perms: 'read write',
      dept: ['sales', 'it'],
      level: 7,
    };
    const token = await issuer.sign({ ...claims, role: 'admin', permissions: ['all'], roles: ['admin'] });
    const plain = await verify(token);
    expect([plain.role, plain.roles, plain.permissions, plain.capabilities]).toEqual(
      Array(4).fill(undefined),
    );
    const mapped = await verify(token, {
      roleClaim: 'https://example.com/role',
      permissionsClaim: 'perms',
      groupsClaim: 'realm.roles',
      claimMappings: [
        { claim: 'dept', value: 'it', capabilities: ['ops', 'wiki'] },
        { claim: 'level', value: '7', capabilities: ['wiki', 'seven'] },
        { claim: 'perms', value: 'write', capabilities: ['edit'] },
        { claim: 'perms', value: 'wri', capabilities: ['never'] },
        { claim: 'realm.roles.length', value: '2', capabilities: ['never'] },
      ],
    });
    expect(mapped).toMatchObject({
      role: 'hr',
      permissions: 'read write',
      groups: ['a', 'b'],
      capabilities: ['ops', 'wiki', 'seven', 'edit'],
    });
    expect((await verify(token, { roleClaim: 'realm.roles' })).roles).toEqual(['a', 'b']);
  });

  it('cannot reach a prototype by the names of its claims', async () => {
    const payload = { email: 'a@b.c' };
    Object.defineProperty(payload, '__proto__', { value: { role: 'admin' }, enumerable: true });
    const identity = await verify(await issuer.sign(payload), {
      roleClaim: 'role',
      groupsClaim: 'constructor.name',
    });
    expect(identity.role).toBeUndefined();
    expect(identity.groups).toBeUndefined();
    expect(identity.email).toBeNull();
    expect(({} as Record<string, unknown>)['role']).toBeUndefined();
  });

  const scopes: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['a list', ['tag:a', 'tag:b'], ['tag:a', 'tag:b']],
    ['duplicates', 'tag:a tag:a', ['tag:a']],
    ['look-alikes of other scripts', 'tаg:a tag:а tag\u200b:a', []],
    ['more than 100 characters', `tag:${'a'.repeat(97)} tag:b`, ['tag:b']],
    ['control characters and quotes', 'tag:a"\u0000 tag:\\b tag:c\ttag:d', []],
    ['a number', 7, []],
    ['an object', { 'tag:a': true }, []],
    ['a list of other things', [1, null, { a: 1 }, 'tag:a'], ['tag:a']],
    ['null', null, []],
    ['an empty text', '', []],
    ['a wildcard, which is a name like any other', 'tag:*', ['tag:*']],
  ];
  it.each(scopes)('as scopes: %s', async (_what, scope, wanted) => {
    expect((await verify(await issuer.sign({ scope }))).scopes).toEqual(wanted);
  });

  it('gives a bounded number of scopes', async () => {
    const scope = Array.from({ length: 700 }, (_, index) => `s${index}`).join(' ');
    expect((await verify(await issuer.sign({ scope }))).scopes.length).toBe(200);
  });
});

describe('keys', () => {
  it('are fetched once for many concurrent tokens', async () => {
    const before = issuer.asked.keys();
    const verifier = createJwtVerifier(trusting(issuer));
    const token = await issuer.sign();
    await Promise.all(Array.from({ length: 20 }, () => verifier.verify({ kind: 'bearer', value: token })));
    expect(issuer.asked.keys() - before).toBe(1);
  });

  it('are fetched again for an unknown key id, once in 30 seconds whatever is presented', async () => {
    let now = 0;
    const verifier = createJwtVerifier(trusting(issuer), () => now);
    await verifier.verify({ kind: 'bearer', value: await issuer.sign() });
    await issuer.rotate('second');
    const rotated = await issuer.sign();
    const before = issuer.asked.keys();
    expect(await codeOf(verifier.verify({ kind: 'bearer', value: rotated }))).toBe('AUTH_CREDENTIAL_INVALID');
    now = 30_000;
    expect(await codeOf(verifier.verify({ kind: 'bearer', value: rotated }))).toBe('accepted');
    const flood = Array.from({ length: 200 }, (_, index) =>
      forged({ alg: 'RS256', kid: `k${index}` }, () => 'AA'),
    );
    const codes = await Promise.all(flood.map((value) => codeOf(verifier.verify({ kind: 'bearer', value }))));
    expect(new Set(codes)).toEqual(new Set(['AUTH_CREDENTIAL_INVALID']));
    expect(issuer.asked.keys() - before).toBe(1);
  });

  it('are fetched again when they are too old, and nothing is accepted when that fails', async () => {
    let now = 0;
    const verifier = createJwtVerifier(trusting(issuer, { jwksCacheTtlMs: 1_000 }), () => now);
    const value = await issuer.sign();
    await verifier.verify({ kind: 'bearer', value });
    issuer.down = true;
    try {
      expect(await codeOf(verifier.verify({ kind: 'bearer', value }))).toBe('accepted');
      now = 1_000;
      expect(await codeOf(verifier.verify({ kind: 'bearer', value }))).toBe('AUTH_UNAVAILABLE');
    } finally {
      issuer.down = false;
    }
    now = 2_001;
    expect(await codeOf(verifier.verify({ kind: 'bearer', value }))).toBe('accepted');
  });
});
