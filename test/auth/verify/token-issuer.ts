import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, type JWK, SignJWT } from 'jose';
import type { VerifierSettings } from '../../../src/model/auth-settings.js';

/** A token issuer on loopback: publishes keys and a discovery document, answers introspection, counts what is asked. */
export interface TokenIssuer {
  readonly url: string;
  readonly asked: { readonly keys: () => number; readonly introspections: () => number };
  /** A token that is right in everything that `claims` and `header` do not change; `undefined` leaves a claim out. */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Takes a new signing key, published from now on beside the former ones. */
  rotate(kid: string): Promise<void>;
  readonly publicKey: () => JWK;
  /** What introspection answers, by token. */
  readonly opaque: Map<string, unknown>;
  /** While true, every request fails. */
  down: boolean;
  close(): Promise<void>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export const audience = 'https://mcp.example.com/mcp';
export const introspectionClient = { clientId: 'gate:way', clientSecret: 's e/cret+%' };

/** Starts one; it must be closed. */
export async function startTokenIssuer(): Promise<TokenIssuer> {
  const published: JWK[] = [];
  let pair: GenerateKeyPairResult | undefined;
  let kid = '';
  let keys = 0;
  let introspections = 0;
  const opaque = new Map<string, unknown>();
  async function introspect(request: IncomingMessage): Promise<unknown> {
    introspections += 1;
    const encode = (text: string): string => new URLSearchParams({ t: text }).toString().slice(2);
    const { clientId, clientSecret } = introspectionClient;
    const wanted = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
    if (request.headers.authorization !== `Basic ${wanted}`) return undefined;
    const token = new URLSearchParams(await textOf(request)).get('token') ?? '';
    return opaque.has(token) ? opaque.get(token) : { active: false };
  }

  /** Undefined: it fails. */
  async function answer(request: IncomingMessage): Promise<unknown> {
    if (issuer.down) return undefined;
    if (request.url === '/introspect') return introspect(request);
    if (request.url === '/.well-known/openid-configuration')
      return { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` };
    if (request.url !== '/jwks') return undefined;
    keys += 1;
    return { keys: published };
  }

  const server = createServer((request, response) => {
    void answer(request).then((body) => {
      response.writeHead(body === undefined ? 500 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body ?? {}));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer: TokenIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: { keys: () => keys, introspections: () => introspections },
    opaque,
    down: false,
    publicKey: () => published.at(-1) ?? {},
    sign: (claims = {}, header = {}) => {
      if (pair === undefined) throw new Error('The issuer has no key');
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: issuer.url, aud: audience, sub: 'ada', exp: now + 300, iat: now, ...claims };
      const protectedHeader = { alg: 'RS256', kid, ...header };
      return new SignJWT(all).setProtectedHeader(protectedHeader).sign(pair.privateKey);
    },
    rotate: async (next) => {
      pair = await generateKeyPair('RS256', { extractable: true });
      kid = next;
      published.push({ ...(await exportJWK(pair.publicKey)), kid, alg: 'RS256', use: 'sig' });
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  await issuer.rotate('first');
  return issuer;
}

/** Settings of a verifier that trusts the issuer. */
export function trusting(issuer: TokenIssuer, changes: Partial<VerifierSettings> = {}): VerifierSettings {
  return {
    name: 'corp',
    issuer: issuer.url,
    audience: [audience],
    jwksUri: `${issuer.url}/jwks`,
    algorithms: ['RS256', 'ES256'],
    clockSkewMs: 60_000,
    jwksCacheTtlMs: 3_600_000,
    claimMappings: [],
    origin: { file: 'mxcp-site.yml', line: 1, column: 1 },
    ...changes,
  };
}
