import { commonSettings, type StandIn, type StandInUser, startStandIn } from './stand-in.js';
import { readJson } from './token-requests.js';

function people(): StandInUser[] {
  const person = (id: string, username: string, name: string, email: string | null): StandInUser => ({
    id,
    username,
    password: `${username}-password`,
    name,
    email,
    emailVerified: username !== 'mallory',
    facts: { account_status: 'active' },
  });
  return [
    person('557058:ada', 'ada', 'Ada Lovelace', 'ada@acme.example'),
    person('557058:grace', 'grace', 'Grace Hopper', null),
    person('557058:mallory', 'mallory', 'Mallory', 'ceo@acme.example'),
  ];
}

const unauthorized = { status: 401, body: { code: 401, message: 'Unauthorized' } };

/**
 * Atlassian: https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/
 * Quirks: `audience` and `prompt=consent` must be asked for; token requests are JSON; a refresh token comes only with
 * `offline_access` and rotates, and a used one is answered with 403
 * (https://developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens/); what the token reaches is listed at
 * `accessible-resources`, which answers 401 where its scopes reach no product.
 */
export function startAtlassian(): Promise<StandIn> {
  return startStandIn(people(), (url) => ({
    settings: {
      ...commonSettings,
      type: 'atlassian',
      name: 'atlassian',
      baseUrl: url,
      authUrl: `${url}/authorize`,
      tokenUrl: `${url}/oauth/token`,
    },
    shape: {
      authorizePath: '/authorize',
      tokenPath: '/oauth/token',
      readTokenRequest: readJson,
      rotatesRefreshTokens: true,
      givesRefreshToken: ({ scopes }) => scopes.includes('offline_access'),
      refuseAuthorize: (query) =>
        query.get('audience') === 'api.atlassian.com' && query.get('prompt') === 'consent'
          ? undefined
          : 'audience and prompt are missing',
      tokenAnswer: (grant) => ({
        body: {
          access_token: grant.accessToken,
          expires_in: Math.round((grant.expiresAt - Date.now()) / 1000),
          token_type: 'Bearer',
          scope: grant.scopes.join(' '),
          ...(grant.refreshToken !== null && { refresh_token: grant.refreshToken }),
        },
      }),
      tokenError: (error, description) => ({
        status: error === 'invalid_client' ? 401 : 403,
        body: { error, error_description: description },
      }),
      routes: {
        'GET /me': (_, grant) =>
          grant === undefined
            ? unauthorized
            : {
                body: {
                  account_type: 'atlassian',
                  account_id: grant.user.id,
                  email: grant.user.email,
                  email_verified: grant.user.emailVerified,
                  name: grant.user.name,
                  nickname: grant.user.username,
                  ...grant.user.facts,
                },
              },
        'GET /oauth/token/accessible-resources': (_, grant) =>
          grant?.scopes.some((scope) => scope.includes('jira')) === true
            ? {
                body: [
                  {
                    id: '1324a887-45db-1bf4-1e99-ef0ff456d421',
                    name: 'acme',
                    url: 'https://acme.atlassian.net',
                    scopes: grant.scopes,
                  },
                ],
              }
            : unauthorized,
      },
    },
  }));
}
