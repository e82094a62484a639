import { oidcPeople, type OidcStandIn, startOidc } from './oidc.js';
import type { StandInUser } from './stand-in.js';

/** Ada's company has Google Workspace; the others have Google accounts with addresses of anybody. */
function people(): StandInUser[] {
  const [ada, grace, mallory] = oidcPeople() as [StandInUser, StandInUser, StandInUser];
  ada.facts = { hd: 'acme.example' };
  grace.facts = {};
  // A consumer account with an address at the company that nobody has verified.
  mallory.facts = {};
  mallory.email = 'mallory@acme.example';
  return [ada, grace, mallory];
}

/**
 * Google: https://developers.google.com/identity/openid-connect/openid-connect
 * Quirks: `hd` only for Workspace accounts; a refresh token only with `access_type=offline` and `prompt=consent`, and the same
 * one for good (…/identity/protocols/oauth2/web-server#offline); scopes come back as URLs; no `iss` on the redirect;
 * `iss` of ID tokens may lack `https://`.
 */
export function startGoogle(): Promise<OidcStandIn> {
  return startOidc({
    people: people(),
    settings: (_, issuer) => ({ type: 'google', name: 'google', discoveryUrl: issuer }),
    paths: { authorize: '/o/oauth2/v2/auth', userinfo: '/v1/userinfo', jwks: '/oauth2/v3/certs' },
    sendsIssuer: false,
    rotatesRefreshTokens: false,
    scopeInReply: () =>
      'openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile',
    givesRefreshToken: ({ asked }) =>
      asked.get('access_type') === 'offline' && asked.get('prompt') === 'consent',
  });
}
