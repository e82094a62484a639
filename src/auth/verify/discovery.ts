import { AuthUnavailableError } from '../../errors.js';
import { fetchJson } from './fetch-json.js';

const documents = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];

/** RFC 8414 puts its suffix between host and path, OpenID Connect behind the path. */
function documentUrls(issuer: string): string[] {
  const url = new URL(issuer);
  const path = url.pathname.replace(/\/$/, '');
  const [openid = '', oauth = ''] = documents;
  return [...new Set([`${url.origin}${path}${openid}`, `${url.origin}${oauth}${path}`])];
}

function jwksUriOf(document: unknown, issuer: string): string {
  if (typeof document !== 'object' || document === null)
    throw new AuthUnavailableError('No discovery document');
  const { issuer: named, jwks_uri: uri } = document as {
    readonly issuer?: unknown;
    readonly jwks_uri?: unknown;
  };
  if (named !== issuer) {
    throw new AuthUnavailableError(`The discovery document of ${issuer} is another issuer's`);
  }
  const safe = typeof uri === 'string' && URL.canParse(uri) && isAsSafe(new URL(uri), new URL(issuer));
  if (!safe) throw new AuthUnavailableError(`The discovery document of ${issuer} names no usable jwks_uri`);
  return uri;
}

function isAsSafe(uri: URL, issuer: URL): boolean {
  return uri.protocol === 'https:' || (uri.protocol === 'http:' && issuer.protocol === 'http:');
}

/**
 * Where the issuer publishes its keys: `jwks_uri` of its discovery document (OpenID Connect Discovery, RFC 8414), which must
 * name the same issuer. Throws `AUTH_UNAVAILABLE`.
 */
export async function discoverJwksUri(issuer: string): Promise<string> {
  let failure: unknown;
  for (const url of documentUrls(issuer)) {
    try {
      return jwksUriOf(await fetchJson(url), issuer);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
