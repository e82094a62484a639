import { UpstreamRefusedError } from '../../errors.js';
import type { ProviderSettings } from '../../model/auth-settings.js';
import type { ProviderKind } from './flow.js';
import { createOidcKind } from './oidc.js';

/**
 * WorkOS Connect: OpenID Connect at an AuthKit domain. The access token, a JWT, names the organisation that the person signed
 * in for: https://workos.com/docs/reference/workos-connect/token
 */
export function createWorkosKind(settings: ProviderSettings): ProviderKind {
  return createOidcKind(settings, {
    discoveryUrl: settings.discoveryUrl ?? '',
    scope: 'openid profile email offline_access',
    accessTokenClaims: ['org_id', 'role', 'roles', 'permissions'],
    admit: (claims) => {
      if (settings.organizationId === undefined || claims['org_id'] !== settings.organizationId)
        throw new UpstreamRefusedError('Only members of this company’s organisation at WorkOS may sign in');
    },
  });
}
