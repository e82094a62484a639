import { oidcPeople, type OidcStandIn, startOidc } from './oidc.js';
import { clientId, type StandInUser } from './stand-in.js';

export const organizationId = 'org_01HRDMC6CM357W30QMHMQ96Q0S';

function people(): StandInUser[] {
  return oidcPeople().map((user) => ({
    ...user,
    facts: { organization: user.username === 'mallory' ? 'org_elsewhere' : organizationId },
  }));
}

/**
 * WorkOS Connect: https://workos.com/docs/reference/workos-connect/token
 * Quirk: the organisation is in the access token (a JWT), not in the ID token.
 */
export function startWorkos(): Promise<OidcStandIn> {
  return startOidc({
    people: people(),
    settings: (_, issuer) => ({ type: 'workos', name: 'workos', discoveryUrl: issuer, organizationId }),
    paths: {
      authorize: '/oauth2/authorize',
      token: '/oauth2/token',
      userinfo: '/oauth2/userinfo',
      jwks: '/oauth2/jwks',
    },
    metadata: { token_endpoint_auth_methods_supported: ['none', 'client_secret_post'] },
    sendsIssuer: false,
    accessTokenClaims: (grant, issuer) => ({
      iss: issuer,
      sub: grant.user.id,
      aud: clientId,
      sid: 'app_consent_1',
      jti: crypto.randomUUID(),
      org_id: grant.user.facts['organization'],
      permissions: ['orders:read'],
      exp: Math.floor(grant.expiresAt / 1000),
    }),
  });
}
