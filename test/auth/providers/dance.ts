import { createHash, randomBytes } from 'node:crypto';
import type { AuthorizeResponse, Provider, SignIn } from '../../../src/auth/providers/provider.js';
import { isMxcpError } from '../../../src/errors.js';
import { signIn } from '../stand-ins/sign-in.js';
import type { StandIn } from '../stand-ins/stand-in.js';

const redirectUri = 'http://127.0.0.1:8000/oauth/callback/corp';

/** A sign-in that has begun: what a server keeps until the browser comes back. */
export interface Begun {
  readonly url: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export async function begin(provider: Provider): Promise<Begun> {
  const [state = '', nonce = '', codeVerifier = ''] = Array.from({ length: 3 }, () =>
    randomBytes(32).toString('base64url'),
  );
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
  return {
    url: await provider.authorizeUrl({ state, nonce, codeChallenge, redirectUri }),
    state,
    nonce,
    codeVerifier,
  };
}

/** What comes back after the person has signed in at the stand-in. */
export async function comeBack(standIn: StandIn, begun: Begun, username: string): Promise<AuthorizeResponse> {
  const back = (await signIn(standIn, begun.url, username)).searchParams;
  if (back.get('state') !== begun.state) throw new Error('another state came back');
  const iss = back.get('iss');
  const { nonce, codeVerifier } = begun;
  return { code: back.get('code') ?? '', codeVerifier, nonce, redirectUri, ...(iss !== null && { iss }) };
}

/** Authorization URL, sign-in, redirect, code, tokens, profile. */
export async function dance(standIn: StandIn, provider: Provider, username: string): Promise<SignIn> {
  return provider.finish(await comeBack(standIn, await begin(provider), username));
}

/** The code of the error that a promise ends with, after a look that it says nothing that the stand-in issued. */
export async function failureOf(standIn: StandIn, promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return 'none';
  if (!isMxcpError(error)) throw new Error('a failure without a code', { cause: error });
  const { codes, accessTokens, refreshTokens } = standIn.issued;
  const people = [...standIn.users.values()].flatMap(({ id, email, name }) => [id, email ?? name, name]);
  for (const secret of [...codes, ...accessTokens, ...refreshTokens, ...people])
    if (error.message.includes(secret)) throw new Error(`the message tells ${secret}`);
  return error.code;
}
