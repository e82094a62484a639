import { AuthUnavailableError } from '../../errors.js';
import type { JsonObject } from '../../model/json.js';
import { askUpstream } from './ask-upstream.js';
import { cached } from './cached.js';
import { objectIn, textIn } from './read-json.js';

/** What is read of a discovery document (OpenID Connect Discovery 1.0, RFC 8414). */
export interface Metadata {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly userinfoEndpoint?: string;
  readonly endSessionEndpoint?: string;
  readonly revocationEndpoint?: string;
  readonly scopes: readonly string[];
  /** Client credentials go into the body, because the provider does not take them in the header. */
  readonly credentialsInBody: boolean;
  /** RFC 9207: every redirect back has `iss`. */
  readonly issuerIsSent: boolean;
}

/** How long a document is used, milliseconds. */
const maxAgeMs = 3_600_000;

const openidSuffix = '/.well-known/openid-configuration';
const oauthSuffix = '/.well-known/oauth-authorization-server';

/** The document, and the issuer that it must name: a trailing slash apart, which some issuers have. */
function locate(discoveryUrl: string): { readonly url: string; readonly issuer: string } {
  const { origin, pathname } = new URL(discoveryUrl);
  const path = pathname.replace(/\/$/, '');
  if (path.endsWith(openidSuffix))
    return { url: discoveryUrl, issuer: origin + path.slice(0, -openidSuffix.length) };
  if (path.startsWith(oauthSuffix))
    return { url: discoveryUrl, issuer: origin + path.slice(oauthSuffix.length) };
  return { url: `${origin}${path}${openidSuffix}`, issuer: origin + path };
}

function listIn(document: JsonObject, name: string): readonly string[] | undefined {
  const value = document[name];
  if (!Array.isArray(value)) return undefined;
  return (value as readonly unknown[]).filter((item) => typeof item === 'string');
}

function read(document: JsonObject, expected: string): Metadata {
  const refuse = (what: string): never => {
    throw new AuthUnavailableError(`The discovery document of ${expected} ${what}`);
  };
  const issuer = textIn(document, 'issuer') ?? refuse('names no issuer');
  if (issuer.replace(/\/$/, '') !== expected)
    refuse('names another issuer: take the discovery URL of your own tenant');
  const isSafe = (url: URL): boolean =>
    url.protocol === 'https:' || (url.protocol === 'http:' && issuer.startsWith('http:'));
  const endpoint = (name: string): string | undefined => {
    const url = textIn(document, name);
    if (url !== undefined && !(URL.canParse(url) && isSafe(new URL(url)))) refuse(`has no usable ${name}`);
    return url;
  };
  const needed = (name: string): string => endpoint(name) ?? refuse(`has no ${name}`);
  const userinfoEndpoint = endpoint('userinfo_endpoint');
  const endSessionEndpoint = endpoint('end_session_endpoint');
  const revocationEndpoint = endpoint('revocation_endpoint');
  const methods = listIn(document, 'token_endpoint_auth_methods_supported') ?? ['client_secret_basic'];
  return {
    issuer,
    authorizationEndpoint: needed('authorization_endpoint'),
    tokenEndpoint: needed('token_endpoint'),
    jwksUri: needed('jwks_uri'),
    ...(userinfoEndpoint !== undefined && { userinfoEndpoint }),
    ...(endSessionEndpoint !== undefined && { endSessionEndpoint }),
    ...(revocationEndpoint !== undefined && { revocationEndpoint }),
    scopes: listIn(document, 'scopes_supported') ?? [],
    credentialsInBody: !methods.includes('client_secret_basic'),
    issuerIsSent: document['authorization_response_iss_parameter_supported'] === true,
  };
}

async function load(discoveryUrl: string): Promise<Metadata> {
  const { url, issuer } = locate(discoveryUrl);
  const { status, body } = await askUpstream(url, { headers: { accept: 'application/json' } });
  const document = status === 200 ? objectIn(body) : undefined;
  if (document === undefined) throw new AuthUnavailableError(`There is no discovery document at ${url}`);
  return read(document, issuer);
}

/**
 * The metadata of the issuer at this address (the issuer itself, or its document), fetched when first needed and again after
 * an hour. Its endpoints are https unless the issuer is not. Rejects with `AUTH_UNAVAILABLE`.
 */
export function createDiscovery(discoveryUrl: string): () => Promise<Metadata> {
  return cached(() => load(discoveryUrl), maxAgeMs);
}
