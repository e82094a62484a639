import { createHmac, timingSafeEqual } from 'node:crypto';
import { SignInFailedError, UpstreamRefusedError } from '../../errors.js';
import { bareObject } from '../../lib/bare-object.js';
import type { ProviderSettings } from '../../model/auth-settings.js';
import type { JsonObject } from '../../model/json.js';
import { askAs, unavailable } from './ask-upstream.js';
import type { Look, Person, ProviderKind } from './flow.js';
import { toProfile } from './profile.js';
import { objectIn, textIn } from './read-json.js';
import type { TokenAnswer } from './token-request.js';

/** Tokens have no `expires_in`: they live as long as a session, which is 15 minutes where an admin made it shortest. */
const shortestSessionMs = 15 * 60_000;

/**
 * The identity URL of a token answer, whose signature proves that Salesforce sent it:
 * https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm
 */
function identityUrlOf({ members }: TokenAnswer, clientSecret: string): string {
  const id = textIn(members, 'id') ?? '';
  const signed = id + (textIn(members, 'issued_at') ?? '');
  const wanted = createHmac('sha256', clientSecret).update(signed).digest();
  const signature = Buffer.from(textIn(members, 'signature') ?? '', 'base64');
  const isRight = signature.length === wanted.length && timingSafeEqual(signature, wanted);
  const instance = textIn(members, 'instance_url') ?? '';
  if (!isRight || !URL.canParse(id) || !URL.canParse(instance))
    throw new SignInFailedError('The answer of Salesforce is not signed as it should be. Sign in again');
  // The URL itself answers with a redirect to the instance, and credentials follow none.
  return new URL(instance).origin + new URL(id).pathname;
}

function isSalesforce(url: string, root: string): boolean {
  const { protocol, hostname, origin } = new URL(url);
  return origin === new URL(root).origin || (protocol === 'https:' && hostname.endsWith('.salesforce.com'));
}

async function readIdentity(url: string, accessToken: string): Promise<JsonObject> {
  const { status, body } = await askAs(accessToken, url);
  // Salesforce answers 403 with a word where others answer 401.
  if (status === 403) throw new UpstreamRefusedError('The sign-in at Salesforce has ended: sign in again');
  const identity = status === 200 ? objectIn(body) : undefined;
  if (identity === undefined) throw unavailable(url, `It answered ${status}`);
  if (identity['active'] !== true) throw new UpstreamRefusedError('The Salesforce user is not active');
  return identity;
}

async function look(settings: ProviderSettings, root: string, look: Look): Promise<Person> {
  const { answer, previous, accessToken } = look;
  const identityUrl = answer ? identityUrlOf(answer, settings.clientSecret) : previous?.identityUrl;
  if (identityUrl === undefined || !isSalesforce(identityUrl, root))
    throw new SignInFailedError('Salesforce names no identity URL of its own. Sign in again');
  const claims = await readIdentity(identityUrl, accessToken);
  const user = textIn(claims, 'user_id');
  const organization = textIn(claims, 'organization_id');
  const isKnown = user !== undefined && organization !== undefined;
  const facts = {
    // A sandbox has copies of production's users with the same ids.
    subject: isKnown ? `${organization}/${user}` : undefined,
    userId: user,
    username: textIn(claims, 'username'),
    email: textIn(claims, 'email'),
    emailVerified: claims['email_verified'],
    name: textIn(claims, 'display_name'),
    claims,
    verifiedClaims: bareObject<never>(),
  };
  const expiresAt = Date.now() + shortestSessionMs;
  return { profile: toProfile(facts, settings), identityUrl, expiresAt };
}

/** Salesforce: production, a sandbox or a My Domain by `base_url`; people are described at the token's identity URL. */
export function createSalesforceKind(settings: ProviderSettings): ProviderKind {
  const root = (settings.baseUrl ?? 'https://login.salesforce.com').replace(/\/+$/, '');
  return {
    endpoints: () =>
      Promise.resolve({
        authorize: settings.authUrl ?? `${root}/services/oauth2/authorize`,
        token: {
          url: settings.tokenUrl ?? `${root}/services/oauth2/token`,
          format: 'form',
          credentials: 'body',
        },
        scope: settings.scope ?? 'id refresh_token',
        // https://help.salesforce.com/s/articleView?id=sf.remoteaccess_revoke_token.htm
        revoke: { url: `${root}/services/oauth2/revoke`, credentials: 'body' },
      }),
    look: (taken) => look(settings, root, taken),
  };
}
