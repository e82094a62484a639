import type { ClientCertificate, Presented } from '../auth/authenticator.js';
import { CredentialAmbiguousError, CredentialInvalidError } from '../errors.js';

/** Where a request can carry a credential. On stdio there are no headers and no query. */
export interface Credentials {
  /** Every header with its lower-case name, credentials included; values of a repeated header in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Names of the query parameters of the URL. */
  readonly queryNames: readonly string[];
  /** What the connection showed, where clients are asked for a certificate. */
  readonly certificate?: ClientCertificate | 'untrusted';
}

/** Also what the headers are called, which is what somebody tries in a URL where a client cannot set headers. */
const credentialParameters = new Set(
  'accesstoken refreshtoken idtoken authtoken bearertoken apitoken token jwt key apikey xapikey auth authorization bearer'.split(
    ' ',
  ),
);

/** However its words are set apart, and also as a member of a list: `api_key`, `API-Key`, `api.key`, `access_token[]`. */
function isCredential(parameter: string): boolean {
  return credentialParameters.has(parameter.toLowerCase().replace(/\[.*|[^a-z0-9]/gs, ''));
}

/** RFC 6750, 2.1. A list of credentials has blanks and is none. */
const bearer = /^bearer +([\x21-\x7e]+) *$/i;

function fromAuthorization(header: string): Presented {
  const value = bearer.exec(header)?.[1];
  if (value === undefined) throw new CredentialInvalidError('The Authorization header has no bearer token');
  return { kind: 'bearer', value };
}

/**
 * The only credential of a request; undefined when there is none. Throws `AUTH_CREDENTIAL_AMBIGUOUS` for more than one, one
 * given twice and one in the URL, `AUTH_CREDENTIAL_INVALID` for an Authorization header of another scheme.
 */
export function presentedBy({ headers, queryNames, certificate }: Credentials): Presented | undefined {
  if (queryNames.some((name) => isCredential(name))) {
    throw new CredentialAmbiguousError('A credential in the URL is not accepted: send it in a header');
  }
  const authorization = headers['authorization'] ?? [];
  const keys = headers['x-api-key'] ?? [];
  if (authorization.length + keys.length + (certificate === undefined ? 0 : 1) > 1) {
    throw new CredentialAmbiguousError('A request carries at most one credential');
  }
  if (authorization[0] !== undefined) return fromAuthorization(authorization[0]);
  if (keys[0] !== undefined) return { kind: 'api-key', value: keys[0].trim() };
  if (certificate === 'untrusted')
    throw new CredentialInvalidError('No configured authority vouches for the client certificate');
  return certificate && { kind: 'certificate', value: certificate.fingerprint, certificate };
}
