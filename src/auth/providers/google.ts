import { UpstreamRefusedError } from '../../errors.js';
import type { ProviderSettings } from '../../model/auth-settings.js';
import type { JsonObject } from '../../model/json.js';
import type { ProviderKind } from './flow.js';
import { createOidcKind } from './oidc.js';
import { textIn } from './read-json.js';

const issuer = 'https://accounts.google.com';

/**
 * `hd` is the Workspace domain that owns the account: an address that merely ends in the domain proves nothing, because
 * anybody can have a Google account with any address.
 */
function checkDomain(claims: JsonObject, allowed: readonly string[]): void {
  const domain = textIn(claims, 'hd')?.toLowerCase();
  const isMember = domain !== undefined && allowed.includes(domain) && claims['email_verified'] === true;
  if (!isMember)
    throw new UpstreamRefusedError('Only accounts of this company’s Google Workspace may sign in');
}

/**
 * Google. A refresh token comes with `access_type=offline`, and only when Google asks for consent:
 * https://developers.google.com/identity/protocols/oauth2/web-server#offline
 */
export function createGoogleKind(settings: ProviderSettings): ProviderKind {
  const { allowedDomains: allowed } = settings;
  const [only] = allowed;
  const hint = only === undefined ? {} : { hd: allowed.length === 1 ? only : '*' };
  return createOidcKind(settings, {
    discoveryUrl: settings.discoveryUrl ?? issuer,
    scope: 'openid profile email',
    authorizeParameters: { access_type: 'offline', prompt: 'consent', ...hint },
    // https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
    otherIssuers: ['accounts.google.com'],
    ...(allowed.length > 0 && { admit: (claims) => checkDomain(claims, allowed) }),
  });
}
