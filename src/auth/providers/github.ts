import type { ProviderSettings } from '../../model/auth-settings.js';
import { bareObject } from '../../lib/bare-object.js';
import { toClaims } from '../claims.js';
import { askAs, askUpstream, unavailable } from './ask-upstream.js';
import type { Person, ProviderKind } from './flow.js';
import { checkMembership, githubHeaders, readMembership, readPages } from './github-membership.js';
import { toProfile } from './profile.js';
import { objectIn, textIn } from './read-json.js';

/** github.com, GitHub with data residency (`*.ghe.com`), and Enterprise Server each have their API elsewhere. */
function apiOf(root: string): string {
  const { protocol, host } = new URL(root);
  if (host === 'github.com') return 'https://api.github.com';
  return host.endsWith('.ghe.com') ? `${protocol}//api.${host}` : `${root}/api/v3`;
}

/** The primary address, if GitHub has verified it: the one in the public profile need not be. */
async function readEmail(api: string, accessToken: string): Promise<string | undefined> {
  const emails = (await readPages(accessToken, `${api}/user/emails`)) ?? [];
  const primary = emails.find((each) => each['primary'] === true && each['verified'] === true);
  return primary && textIn(primary, 'email');
}

async function look(settings: ProviderSettings, api: string, accessToken: string): Promise<Person> {
  const { status, body } = await askAs(accessToken, `${api}/user`, githubHeaders);
  const user = status === 200 ? objectIn(body) : undefined;
  if (user === undefined) throw unavailable(api, `It answered ${status}`);
  const membership = await readMembership(api, accessToken);
  checkMembership(membership, settings);
  const email = await readEmail(api, accessToken);
  const { id } = user;
  const subject = typeof id === 'number' ? String(id) : undefined;
  const { organizations = [], teams: groups = [] } = membership ?? {};
  const facts = {
    subject,
    username: textIn(user, 'login'),
    email,
    emailVerified: true,
    name: textIn(user, 'name'),
    groups,
    // `email` of the user is what people show in public: unverified, so it is not passed on.
    claims: toClaims({ ...user, email: email ?? null, organizations, teams: groups }),
    verifiedClaims: bareObject<never>(),
  };
  return { profile: toProfile(facts, settings) };
}

/** https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token: the application names itself, and not the person. */
async function revoke(
  { clientId, clientSecret }: ProviderSettings,
  api: string,
  token: string,
): Promise<void> {
  const url = `${api}/applications/${encodeURIComponent(clientId)}/token`;
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const headers = { ...githubHeaders, authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ access_token: token });
  const { status } = await askUpstream(url, { method: 'DELETE', headers, body });
  if (status !== 204) throw unavailable(api, `It answered ${status}`);
}

/** GitHub: no OpenID Connect, so people, addresses, organisations and teams are read from the REST API. */
export function createGithubKind(settings: ProviderSettings): ProviderKind {
  const root = (settings.baseUrl ?? 'https://github.com').replace(/\/+$/, '');
  const api = apiOf(root);
  return {
    endpoints: () =>
      Promise.resolve({
        authorize: settings.authUrl ?? `${root}/login/oauth/authorize`,
        token: {
          url: settings.tokenUrl ?? `${root}/login/oauth/access_token`,
          format: 'form',
          credentials: 'body',
        },
        scope: settings.scope ?? 'read:user user:email read:org',
      }),
    revoke: (accessToken) => revoke(settings, api, accessToken),
    look: ({ accessToken }) => look(settings, api, accessToken),
  };
}
