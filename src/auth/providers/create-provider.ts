import type { ProviderSettings } from '../../model/auth-settings.js';
import { createAtlassianKind } from './atlassian.js';
import { createFlow, type ProviderKind } from './flow.js';
import { createGithubKind } from './github.js';
import { createGoogleKind } from './google.js';
import { createKeycloakKind } from './keycloak.js';
import { createOidcKind } from './oidc.js';
import type { Provider } from './provider.js';
import { createSalesforceKind } from './salesforce.js';
import { createWorkosKind } from './workos.js';

function kindOf(settings: ProviderSettings): ProviderKind {
  switch (settings.type) {
    case 'github':
      return createGithubKind(settings);
    case 'google':
      return createGoogleKind(settings);
    case 'keycloak':
      return createKeycloakKind(settings);
    case 'atlassian':
      return createAtlassianKind(settings);
    case 'salesforce':
      return createSalesforceKind(settings);
    case 'workos':
      return createWorkosKind(settings);
    case 'oidc':
      return createOidcKind(settings, {
        discoveryUrl: settings.discoveryUrl ?? '',
        ...(settings.audience !== undefined && { authorizeParameters: { audience: settings.audience } }),
      });
  }
}

/** A provider as the operator configured it. Nothing is asked of it before somebody signs in. */
export function createProvider(settings: ProviderSettings): Provider {
  return createFlow(settings, kindOf(settings));
}
