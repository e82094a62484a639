import {
  type Answer,
  commonSettings,
  type Grant,
  type Seen,
  type StandIn,
  type StandInUser,
  startStandIn,
} from './stand-in.js';
import { readForm } from './token-requests.js';

/** What GitHub knows of a person; an organisation with its state, a team as `org/team`. */
export interface GithubFacts extends Record<string, unknown> {
  number: number;
  emails: { email: string; primary: boolean; verified: boolean; visibility: string | null }[];
  organizations: [name: string, state: 'active' | 'pending'][];
  teams: string[];
}

/** Ada is in 230 organisations, Acme the last of them: it is on the third page. */
function people(): StandInUser[] {
  const person = (
    number: number,
    username: string,
    name: string,
    facts: Omit<GithubFacts, 'number'>,
  ): StandInUser => ({
    id: String(number),
    username,
    password: `${username}-password`,
    name,
    // What GitHub shows in public: people type it in as they like.
    email: `${username}@public.example`,
    emailVerified: false,
    facts: { ...facts, number },
  });
  const many = Array.from({ length: 229 }, (_, index): [string, 'active'] => [`Org-${index}`, 'active']);
  const address = (email: string, primary: boolean, verified: boolean): GithubFacts['emails'][0] => ({
    email,
    primary,
    verified,
    visibility: primary ? 'private' : null,
  });
  return [
    person(1001, 'ada', 'Ada Lovelace', {
      emails: [address('ada@home.example', false, true), address('ada@acme.example', true, true)],
      organizations: [...many, ['Acme', 'active']],
      teams: ['Acme/Admins', 'Acme/engineering'],
    }),
    person(1002, 'grace', 'Grace Hopper', { emails: [], organizations: [['Acme', 'active']], teams: [] }),
    person(1003, 'mallory', 'Mallory', {
      emails: [address('ceo@acme.example', true, false), address('m@evil.example', false, true)],
      organizations: [
        ['Acme', 'pending'],
        ['acme-fans', 'active'],
      ],
      teams: ['acme-fans/admins'],
    }),
  ];
}

const factsOf = (user: StandInUser): GithubFacts => user.facts as GithubFacts;

function paged(seen: Seen, items: readonly unknown[]): Answer {
  const size = Math.min(Number(seen.query.get('per_page') ?? 30), 100);
  const page = Number(seen.query.get('page') ?? 1);
  const next = new URLSearchParams(seen.query);
  next.set('page', String(page + 1));
  const hasNext = items.length > page * size;
  return {
    headers: hasNext
      ? { link: `<http://${seen.headers.host}${seen.path}?${next.toString()}>; rel="next"` }
      : {},
    body: items.slice((page - 1) * size, page * size),
  };
}

/** https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api */
const badCredentials: Answer = { status: 401, body: { message: 'Bad credentials', status: '401' } };
const notAllowed: Answer = {
  status: 403,
  body: { message: 'Resource not accessible by integration', status: '403' },
};

function asUser(
  scope: string | undefined,
  answer: (user: StandInUser, seen: Seen) => Answer,
): (seen: Seen, grant: Grant | undefined) => Answer {
  return (seen, grant) => {
    if (grant === undefined) return badCredentials;
    if (scope !== undefined && !grant.scopes.includes(scope)) return notAllowed;
    return answer(grant.user, seen);
  };
}

/**
 * GitHub Enterprise Server with an OAuth app: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 * Quirks: errors of the token endpoint come with HTTP 200 and their own words
 * (…/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors); granted scopes are separated by commas;
 * tokens neither expire nor have refresh tokens (`switches.refreshTokens` makes it a GitHub App with both:
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens);
 * the public e-mail address is not verified, `/user/emails` is the one to ask; memberships of organisations include `pending`
 * ones (https://docs.github.com/en/rest/orgs/members); lists come in pages of at most 100.
 */
export async function startGithub(): Promise<StandIn> {
  const standIn = await startStandIn(people(), (url, switches) => ({
    settings: { ...commonSettings, type: 'github', name: 'github', baseUrl: url },
    shape: {
      authorizePath: '/login/oauth/authorize',
      tokenPath: '/login/oauth/access_token',
      readTokenRequest: readForm,
      rotatesRefreshTokens: true,
      tokenAnswer: (grant) => ({
        body: {
          access_token: grant.accessToken,
          scope: [...grant.scopes].sort().join(','),
          token_type: 'bearer',
          ...(grant.refreshToken !== null && {
            expires_in: switches.expiresIn,
            refresh_token: grant.refreshToken,
            refresh_token_expires_in: 15_897_600,
          }),
        },
      }),
      tokenError: (error, description) => ({
        status: 200,
        body: {
          error: words[error] ?? error,
          error_description: description,
          error_uri: 'https://docs.github.com',
        },
      }),
      routes: {
        'GET /api/v3/user': asUser(undefined, (user) => ({
          body: {
            login: user.username,
            id: factsOf(user).number,
            name: user.name,
            email: user.email,
            type: 'User',
          },
        })),
        'GET /api/v3/user/emails': asUser('user:email', (user, seen) => paged(seen, factsOf(user).emails)),
        'GET /api/v3/user/memberships/orgs': asUser('read:org', (user, seen) =>
          paged(
            seen,
            factsOf(user).organizations.map(([login, state]) => ({
              state,
              role: 'member',
              organization: { login },
            })),
          ),
        ),
        'GET /api/v3/user/teams': asUser('read:org', (user, seen) =>
          paged(
            seen,
            factsOf(user).teams.map((team) => {
              const [login = '', slug = ''] = team.split('/');
              return { name: slug, slug: slug.toLowerCase(), organization: { login } };
            }),
          ),
        ),
      },
    },
  }));
  standIn.switches.refreshTokens = false;
  standIn.switches.expiresIn = 10 * 365 * 86_400;
  return standIn;
}

const words: Readonly<Record<string, string>> = {
  invalid_grant: 'bad_verification_code',
  invalid_client: 'incorrect_client_credentials',
};
