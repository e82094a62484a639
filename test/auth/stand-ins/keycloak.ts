import { oidcPeople, type OidcStandIn, startOidc } from './oidc.js';
import { clientId, type Grant, type StandInUser } from './stand-in.js';

function people(): StandInUser[] {
  return oidcPeople().map((user) => ({ ...user, facts: { groups: ['/staff'] } }));
}

function rolesOf({ user }: Grant): Record<string, unknown> {
  const isAda = user.username === 'ada';
  return {
    realm_access: { roles: isAda ? ['analyst', 'offline_access'] : ['offline_access'] },
    resource_access: {
      [clientId]: { roles: isAda ? ['editor'] : [] },
      account: { roles: ['manage-account'] },
    },
  };
}

/**
 * Keycloak: https://www.keycloak.org/securing-apps/oidc-layers
 * Quirks: roles are in the access token only, a JWT with `aud: account` and `azp: <client>`; issuer below `/realms/<realm>`;
 * a refresh token comes without `offline_access`; group names are paths.
 */
export function startKeycloakStandIn(): Promise<OidcStandIn> {
  const endpoints = '/protocol/openid-connect';
  return startOidc({
    people: people(),
    issuerPath: '/realms/acme',
    settings: (url) => ({ type: 'keycloak', name: 'keycloak', serverUrl: `${url}/`, realm: 'acme' }),
    paths: {
      authorize: `${endpoints}/auth`,
      token: `${endpoints}/token`,
      userinfo: `${endpoints}/userinfo`,
      jwks: `${endpoints}/certs`,
      logout: `${endpoints}/logout`,
    },
    accessTokenClaims: (grant, issuer) => ({
      iss: issuer,
      sub: grant.user.id,
      aud: 'account',
      azp: clientId,
      typ: 'Bearer',
      jti: crypto.randomUUID(),
      exp: Math.floor(grant.expiresAt / 1000),
      ...rolesOf(grant),
    }),
  });
}
