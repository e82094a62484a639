import { createHmac } from 'node:crypto';
import {
  type Answer,
  clientSecret,
  commonSettings,
  type Grant,
  type StandIn,
  type StandInUser,
  startStandIn,
} from './stand-in.js';
import { readForm } from './token-requests.js';

const organization = '00Dx0000001T0zkEAC';

function people(): StandInUser[] {
  const person = (id: string, username: string, name: string, email: string | null): StandInUser => ({
    id,
    username,
    password: `${username}-password`,
    name,
    email,
    emailVerified: username !== 'mallory',
    facts: { active: true },
  });
  return [
    person('005x0000001S2b9AAC', 'ada', 'Ada Lovelace', 'ada@acme.example'),
    person('005x0000001S2c0AAC', 'grace', 'Grace Hopper', null),
    person('005x0000001S2c1AAC', 'mallory', 'Mallory', 'ceo@acme.example'),
  ];
}

function identity(user: StandInUser, grant: Grant | undefined): Answer {
  if (grant === undefined) return { status: 403, body: 'Bad_OAuth_Token' };
  if (grant.user.id !== user.id) return { status: 403, body: 'Wrong_Org' };
  return {
    body: {
      user_id: user.id,
      organization_id: organization,
      username: user.username,
      display_name: user.name,
      email: user.email,
      email_verified: user.emailVerified,
      user_type: 'STANDARD',
      ...user.facts,
    },
  };
}

/**
 * Salesforce: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm
 * Quirks: the answer has no `expires_in`, names the person by an identity URL with a signature over it and `issued_at`
 * (milliseconds as text), and the instance to call; the identity URL at the login host redirects to that instance; a token that
 * has ended is answered there with 403 and `Bad_OAuth_Token`
 * (https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_openid.htm); refresh tokens stay the same.
 */
export function startSalesforce(): Promise<StandIn> {
  const users = people();
  return startStandIn(users, (url) => {
    const pathOf = (user: StandInUser): string => `/id/${organization}/${user.id}`;
    return {
      settings: { ...commonSettings, type: 'salesforce', name: 'salesforce', baseUrl: url },
      shape: {
        authorizePath: '/services/oauth2/authorize',
        tokenPath: '/services/oauth2/token',
        readTokenRequest: readForm,
        rotatesRefreshTokens: false,
        givesRefreshToken: ({ scopes }) => scopes.includes('refresh_token'),
        tokenAnswer: (grant, kind) => {
          const id = `https://login.salesforce.com${pathOf(grant.user)}`;
          const issued = String(Date.now());
          const signature = createHmac('sha256', clientSecret)
            .update(id + issued)
            .digest('base64');
          return {
            body: {
              access_token: grant.accessToken,
              instance_url: url,
              id,
              issued_at: issued,
              signature,
              token_type: 'Bearer',
              scope: grant.scopes.join(' '),
              ...(kind === 'code' && grant.refreshToken !== null && { refresh_token: grant.refreshToken }),
            },
          };
        },
        tokenError: (error, description) => ({
          status: 400,
          body: {
            error: error === 'invalid_client' ? 'invalid_client_id' : error,
            error_description: description,
          },
        }),
        routes: Object.fromEntries(
          users.map((user) => [`GET ${pathOf(user)}`, (_, grant) => identity(user, grant)]),
        ),
      },
    };
  });
}
