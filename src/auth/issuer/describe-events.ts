import type { KoaContextWithOIDC } from 'oidc-provider';
import type Library from 'oidc-provider';
import type { AuthEvent, AuthEventName } from '../../model/auth-settings.js';

/** Takes an event of the request that `context` belongs to. */
export type Collect = (context: KoaContextWithOIDC, event: AuthEvent) => void;

/** Why a grant ended by itself. */
export const reuseReason = 'a used code or refresh token came again: its grant has ended';

/** Errors of authorization requests that are no failure: a person said no, or has to be asked. */
const ordinary = new Set(['access_denied', 'login_required', 'consent_required', 'interaction_required']);

function about({ oidc }: KoaContextWithOIDC): Partial<AuthEvent> {
  const { client, entities } = oidc;
  const token = entities.AccessToken ?? entities.RefreshToken ?? entities.AuthorizationCode;
  const { accountId, grantId } = token ?? {};
  return {
    ...(client && { clientId: client.clientId }),
    ...(client?.clientName !== undefined && { clientName: client.clientName }),
    ...(accountId !== undefined && { userKey: accountId }),
    ...(grantId !== undefined && { sessionId: grantId }),
  };
}

function tokenEvent({ oidc }: KoaContextWithOIDC): AuthEventName {
  return oidc.params?.['grant_type'] === 'refresh_token' ? 'token-refresh' : 'token-issue';
}

function failure(context: KoaContextWithOIDC, event: AuthEventName, error: Error): AuthEvent {
  // The code is one of OAuth's; descriptions could quote what was sent.
  const reason = 'error' in error && typeof error.error === 'string' ? error.error : 'server_error';
  return { ...about(context), event, outcome: 'failure', reason };
}

function success(context: KoaContextWithOIDC, event: AuthEventName): AuthEvent {
  const scopes = context.oidc.entities.AccessToken?.scope?.split(' ');
  return { ...about(context), event, outcome: 'success', ...(scopes && { scopes }) };
}

/** Turns what happens at the library's endpoints into events for the audit log. */
export function listen(library: Library, collect: Collect): void {
  library.on('grant.success', (context) => collect(context, success(context, tokenEvent(context))));
  library.on('grant.error', (context, error) =>
    collect(context, failure(context, tokenEvent(context), error)),
  );
  library.on('grant.revoked', (context, grantId) => {
    const { route } = context.oidc;
    if (route === 'revocation') {
      collect(context, success(context, 'token-revoke'));
      return;
    }
    collect(context, {
      ...about(context),
      event: 'token-replay',
      outcome: 'failure',
      reason: reuseReason,
      sessionId: grantId,
    });
  });
  library.on('revocation.error', (context, error) =>
    collect(context, failure(context, 'token-revoke', error)),
  );
  library.on('authorization.error', (context, error) => {
    if (!ordinary.has(error.error)) collect(context, failure(context, 'authorization', error));
  });
  library.on('registration_create.success', (context) =>
    collect(context, success(context, 'client-registration')),
  );
  library.on('registration_create.error', (context, error) =>
    collect(context, failure(context, 'client-registration', error)),
  );
}
