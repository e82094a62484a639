import type { JsonObject } from '../../model/json.js';
import { connectScope } from './connect-scope.js';

/** Paths of the authorization server below the public address of this server. */
export const endpoints = {
  authorize: '/oauth/authorize',
  token: '/oauth/token',
  revoke: '/oauth/revoke',
  register: '/oauth/register',
} as const;

/** What the metadata documents say. */
export interface MetadataFacts {
  /** The public address; also the issuer. */
  readonly baseUrl: string;
  /** Scopes that a client may ask for without knowing more: strangers learn no tags here. */
  readonly scopes: readonly string[];
  readonly registration: boolean;
  readonly clientMetadataDocuments: boolean;
}

/** How clients may prove who they are at the token and revocation endpoints. */
export const clientAuthMethods = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const;

/** Signatures of `private_key_jwt`. */
export const clientAuthAlgorithms = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const;

/** The authorization server's metadata (RFC 8414, with RFC 9207's and the metadata documents' members). */
export function issuerMetadata({ baseUrl, scopes, registration, ...facts }: MetadataFacts): JsonObject {
  return {
    issuer: baseUrl,
    authorization_endpoint: baseUrl + endpoints.authorize,
    token_endpoint: baseUrl + endpoints.token,
    ...(registration && { registration_endpoint: baseUrl + endpoints.register }),
    revocation_endpoint: baseUrl + endpoints.revoke,
    scopes_supported: scopes,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: clientAuthMethods,
    token_endpoint_auth_signing_alg_values_supported: clientAuthAlgorithms,
    revocation_endpoint_auth_methods_supported: clientAuthMethods,
    revocation_endpoint_auth_signing_alg_values_supported: clientAuthAlgorithms,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: facts.clientMetadataDocuments,
  };
}

/**
 * The protected resource's metadata (RFC 9728). Clients ask for what `scopes_supported` lists and for nothing else, so it is
 * left out where it would say no more than `mcp`: then they ask for what they are configured to.
 */
export function resourceMetadata(
  resource: string,
  authorizationServers: readonly string[],
  scopes: readonly string[],
  name: string,
): JsonObject {
  return {
    resource,
    authorization_servers: authorizationServers,
    ...(scopes.some((scope) => scope !== connectScope) && { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
    resource_name: name,
  };
}
