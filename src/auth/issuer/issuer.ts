import type { JsonObject } from '../../model/json.js';
import type { ProviderType } from '../../model/auth-settings.js';
import type { Authenticator } from '../authenticator.js';
import type { AccountPage } from './account-page.js';
import type { Exchange } from './exchange.js';
import type { Interactions } from './interactions.js';
import type { UpstreamSignIn } from './sign-in.js';

/** A provider on the sign-in page. */
export interface SignInChoice {
  readonly name: string;
  readonly type: ProviderType;
  /** Path of its callback on this server. */
  readonly callbackPath: string;
}

/** The authorization server of `mode: issuer` (spec page 06, "Authorization server"). */
export interface Issuer {
  /** The public address of this server, without a slash at its end; also the issuer identifier. */
  readonly baseUrl: string;
  /** RFC 8414. */
  readonly metadata: JsonObject;
  /** Scopes that everybody may know of. */
  readonly publicScopes: readonly string[];
  readonly choices: readonly SignInChoice[];
  /** The way in by this server's access tokens. */
  readonly authenticator: Authenticator;
  readonly interactions: Interactions;
  readonly signIn: UpstreamSignIn;
  readonly account: AccountPage;
  /** Puts on record that a page of another site sent a form here, and throws a `PageProblem`. */
  refuseForeign(exchange: Exchange): Promise<never>;
  /** Answers at the authorization, token, revocation and registration endpoints. */
  handle(exchange: Exchange): Promise<void>;
  /** The provider's own token for a person, where its settings say that bodies may have it. */
  externalToken(userKey: string): Promise<string | undefined>;
}
