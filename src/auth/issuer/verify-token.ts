import { CredentialInvalidError } from '../../errors.js';
import type { Authenticator } from '../authenticator.js';
import type { Store } from '../store/store.js';
import { identityOf, type Accounts } from './accounts.js';
import type { Grants } from './grants.js';
import { collectionOf } from './collection.js';
import { kindOf } from './store-adapter.js';
import { accessTokenPrefix, refreshTokenPrefix } from './token-prefixes.js';

/** An access token as the library keeps it; times in seconds. */
interface AccessToken {
  readonly grantId?: string;
  readonly accountId?: string;
  readonly clientId?: string;
  readonly aud?: string;
  readonly scope?: string;
  readonly exp: number;
}

/** What tokens are verified against. */
export interface VerifyParts {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly mcpUrl: string;
}

/**
 * The way in by access tokens of this server. A token is worth what its grant and its person are now: when one of them is
 * gone, it is refused (spec page 06: revocation within a second). Throws `AUTH_CREDENTIAL_INVALID`.
 */
export function createTokenAuthenticator({ store, accounts, grants, mcpUrl }: VerifyParts): Authenticator {
  const tokens = collectionOf<AccessToken>(store, kindOf('AccessToken'));
  const invalid = (why: string): CredentialInvalidError =>
    new CredentialInvalidError(`The access token ${why}`);
  return {
    recognises: ({ kind, value }) =>
      kind === 'bearer' && (value.startsWith(accessTokenPrefix) || value.startsWith(refreshTokenPrefix)),
    verify: async ({ value }) => {
      const token = await tokens.get(value);
      if (token?.accountId === undefined || token.grantId === undefined) {
        throw invalid('is unknown, has expired, or was revoked');
      }
      const expiresAt = token.exp * 1000;
      if (expiresAt <= Date.now()) throw invalid('has expired');
      if (token.aud !== mcpUrl) throw invalid('is for another server');
      const [grant, account] = await Promise.all([
        grants.find(token.grantId),
        accounts.find(token.accountId),
      ]);
      if (grant === undefined || account === undefined) throw invalid('was revoked');
      await grants.touch(grant.id);
      return identityOf(account, {
        scopes: (token.scope ?? '').split(' '),
        clientId: token.clientId ?? null,
        sessionId: grant.id,
        expiresAt,
      });
    },
  };
}
