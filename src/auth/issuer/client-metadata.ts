import { errors } from 'oidc-provider';
import { redirectKind, wrongRedirectUri } from './redirect-uri.js';

/** Metadata of a client while the library reads it, from whatever source (RFC 7591, section 2). */
export type ClientMetadata = Record<string, unknown>;

const maxRedirectUris = 10;
const maxContacts = 10;

/** Field → most characters. */
const longest: Readonly<Record<string, number>> = {
  client_id: 2_048,
  client_name: 200,
  client_uri: 2_048,
  logo_uri: 2_048,
  policy_uri: 2_048,
  tos_uri: 2_048,
  jwks_uri: 2_048,
  software_id: 256,
};
const maxKeySetBytes = 8_192;

/** Controls, and characters that reorder or hide text: a name must look like what it is. */
const misleading = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u;

function refuse(text: string): never {
  throw new errors.InvalidClientMetadata(text);
}

function checkTexts(metadata: ClientMetadata): void {
  for (const [field, most] of Object.entries(longest)) {
    const value = metadata[field];
    if (value === undefined) continue;
    if (typeof value !== 'string') refuse(`${field} must be text`);
    if (value.length > most) refuse(`${field} must have at most ${most} characters`);
    if (misleading.test(value)) refuse(`${field} must not have control or invisible characters`);
  }
}

function checkRedirects(metadata: ClientMetadata): readonly string[] {
  const uris = metadata['redirect_uris'];
  if (!Array.isArray(uris) || uris.length === 0) return refuse('redirect_uris must be a list');
  if (uris.length > maxRedirectUris) refuse(`redirect_uris must have at most ${maxRedirectUris} members`);
  for (const uri of uris as readonly unknown[]) {
    const why = wrongRedirectUri(uri);
    if (why !== undefined) refuse(`redirect_uris: each ${why}`);
  }
  return uris as readonly string[];
}

function checkRest(metadata: ClientMetadata): void {
  const { contacts, jwks } = metadata;
  if (Array.isArray(contacts) && (contacts.length > maxContacts || JSON.stringify(contacts).length > 4_000)) {
    refuse(`contacts must have at most ${maxContacts} members of ordinary length`);
  }
  if (jwks !== undefined && JSON.stringify(jwks).length > maxKeySetBytes) {
    refuse(`jwks must have at most ${maxKeySetBytes} bytes`);
  }
  // The library would fetch it, although it means nothing here.
  if (metadata['sector_identifier_uri'] !== undefined) {
    refuse('sector_identifier_uri is not taken: subject identifiers are the same for every client');
  }
}

/** True for a client that is known by the address of its metadata document. */
export function isDocumentId(clientId: string): boolean {
  return /^https:\/\//i.test(clientId);
}

/**
 * Bounds the metadata of every client (registered, from a document, of the operator) and settles what does not depend on its
 * wishes: answers go in the query, and ports of loopback addresses are free where the client has one (RFC 8252, 7.3).
 * Throws the library's `invalid_client_metadata` or `invalid_redirect_uri`.
 */
export function settleClient(metadata: ClientMetadata): void {
  checkTexts(metadata);
  checkRest(metadata);
  const uris = checkRedirects(metadata);
  metadata['application_type'] = uris.every((uri) => redirectKind(uri) === 'web') ? 'web' : 'native';
  metadata['response_modes'] = ['query'];
  // Only a wish, and the library would bind it to scopes of its own: every authorization request says what it asks for.
  metadata['scope'] = undefined;
  const { client_id: id } = metadata;
  // A document that names a shared secret has been refused by now, so this is the default of registrations.
  if (
    typeof id === 'string' &&
    isDocumentId(id) &&
    metadata['token_endpoint_auth_method'] === 'client_secret_basic'
  ) {
    metadata['token_endpoint_auth_method'] = 'none';
  }
}
