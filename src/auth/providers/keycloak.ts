import type { ProviderSettings } from '../../model/auth-settings.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { ProviderKind } from './flow.js';
import { createOidcKind } from './oidc.js';
import { objectIn } from './read-json.js';

function rolesIn(container: Json | undefined): readonly string[] {
  const roles = objectIn(container)?.['roles'];
  if (!Array.isArray(roles)) return [];
  return (roles as readonly Json[]).filter((role) => typeof role === 'string');
}

function rolesOf(claims: JsonObject, clientId: string): readonly string[] {
  const ofClients = objectIn(claims['resource_access']) ?? {};
  return [...new Set([...rolesIn(claims['realm_access']), ...rolesIn(ofClients[clientId])])];
}

/** Keycloak. By default it puts roles into the access token only, which its realm signs like the ID token. */
export function createKeycloakKind(settings: ProviderSettings): ProviderKind {
  const { serverUrl = '', realm = '', clientId } = settings;
  const root = serverUrl.replace(/\/+$/, '');
  return createOidcKind(settings, {
    discoveryUrl: `${root}/realms/${encodeURIComponent(realm)}`,
    // No offline_access: it would make sessions that outlive the one at Keycloak.
    scope: 'openid profile email',
    accessTokenClaims: ['realm_access', 'resource_access', 'groups'],
    rolesOf: (claims) => rolesOf(claims, clientId),
  });
}
