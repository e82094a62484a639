import { UpstreamRefusedError } from '../../errors.js';
import { bareObject } from '../../lib/bare-object.js';
import type { ProviderSettings } from '../../model/auth-settings.js';
import type { JsonObject } from '../../model/json.js';
import { toClaims } from '../claims.js';
import { askAs, askUpstream, unavailable } from './ask-upstream.js';
import type { Person, ProviderKind } from './flow.js';
import { toProfile } from './profile.js';
import { objectIn, objectsIn, textIn } from './read-json.js';

/** The sites that the token reaches; none where its scopes reach no product, which Atlassian answers with 401 or 403. */
async function readSites(api: string, accessToken: string): Promise<readonly JsonObject[]> {
  const url = `${api}/oauth/token/accessible-resources`;
  const headers = { accept: 'application/json', authorization: `Bearer ${accessToken}` };
  const { status, body } = await askUpstream(url, { headers });
  if (status >= 400) return [];
  const sites = objectsIn(body);
  if (sites === undefined) throw unavailable(url, `It answered ${status}`);
  return sites;
}

async function look(settings: ProviderSettings, api: string, accessToken: string): Promise<Person> {
  const { status, body } = await askAs(accessToken, `${api}/me`);
  const me = status === 200 ? objectIn(body) : undefined;
  if (me === undefined) throw unavailable(api, `It answered ${status}`);
  if (me['account_status'] !== 'active')
    throw new UpstreamRefusedError('The Atlassian account is not active');
  const sites = await readSites(api, accessToken);
  const facts = {
    subject: textIn(me, 'account_id'),
    username: textIn(me, 'nickname'),
    email: textIn(me, 'email'),
    emailVerified: me['email_verified'],
    name: textIn(me, 'name'),
    claims: toClaims({ ...me, accessible_resources: sites }),
    verifiedClaims: bareObject<never>(),
  };
  return { profile: toProfile(facts, settings) };
}

/** Atlassian, OAuth 2.0 (3LO): https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/ */
export function createAtlassianKind(settings: ProviderSettings): ProviderKind {
  const api = (settings.baseUrl ?? 'https://api.atlassian.com').replace(/\/+$/, '');
  return {
    authorizeParameters: { audience: 'api.atlassian.com', prompt: 'consent' },
    endpoints: () =>
      Promise.resolve({
        authorize: settings.authUrl ?? 'https://auth.atlassian.com/authorize',
        token: {
          url: settings.tokenUrl ?? 'https://auth.atlassian.com/oauth/token',
          format: 'json',
          credentials: 'body',
        },
        scope: settings.scope ?? 'read:me offline_access',
      }),
    look: ({ accessToken }) => look(settings, api, accessToken),
  };
}
