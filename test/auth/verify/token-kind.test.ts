import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createIntrospector } from '../../../src/auth/verify/introspection.js';
import { createJwtVerifier } from '../../../src/auth/verify/jwt.js';
import {
  audience,
  introspectionClient,
  startTokenIssuer,
  type TokenIssuer,
  trusting,
} from './token-issuer.js';

interface Case {
  readonly what: string;
  readonly type?: unknown;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly why?: string;
}

const text = readFileSync(new URL('token-kinds.yml', import.meta.url), 'utf8');
const { accepted, refused } = parse(text) as { accepted: readonly Case[]; refused: readonly Case[] };

let issuer: TokenIssuer;
beforeAll(async () => {
  issuer = await startTokenIssuer();
});
afterAll(() => issuer.close());

async function asJwt({ type, claims }: Case): Promise<string> {
  const value = await issuer.sign({ ...claims }, type === undefined ? {} : { typ: type });
  return (await createJwtVerifier(trusting(issuer)).verify({ kind: 'bearer', value })).subject;
}

async function asOpaque({ claims }: Case): Promise<string> {
  issuer.opaque.set('t0ken', { active: true, sub: 'ada', aud: audience, ...claims });
  const introspection = { url: `${issuer.url}/introspect`, ...introspectionClient, cacheMs: 1_000 };
  const way = createIntrospector(trusting(issuer), introspection);
  return (await way.verify({ kind: 'bearer', value: 't0ken' })).subject;
}

const isSaidByClaims = ({ type, claims }: Case): boolean => claims !== undefined || type === undefined;

describe('a token is taken', () => {
  it.each(accepted)('as a JWT: $what', async (each) => {
    expect(await asJwt(each)).toBe('ada');
  });

  it.each(accepted.filter(isSaidByClaims))('by introspection: $what', async (each) => {
    expect(await asOpaque(each)).toBe('ada');
  });
});

describe('a token is refused, with what says that it is no access token,', () => {
  const refusal = (why = '') => ({
    code: 'AUTH_CREDENTIAL_INVALID',
    message: expect.stringContaining(`(${why})`) as unknown,
  });

  it.each(refused)('as a JWT: $what', async (each) => {
    await expect(asJwt(each)).rejects.toMatchObject(refusal(each.why));
  });

  it.each(refused.filter(isSaidByClaims))('by introspection: $what', async (each) => {
    await expect(asOpaque(each)).rejects.toMatchObject(refusal(each.why));
  });
});
