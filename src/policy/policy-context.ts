import type { ResultColumn } from '../model/effects.js';
import type { PolicySettings } from '../model/project.js';

/** What the rules of an endpoint are compiled against, besides the endpoint itself. */
export interface PolicyContext {
  readonly settings: PolicySettings;
  /** The catalogue of capabilities; undefined: the site has none and every name is fine. */
  readonly catalogue: ReadonlySet<string> | undefined;
  /** The roles that the site declares; undefined: it has no `roles`, and every name is fine. */
  readonly roles?: ReadonlySet<string> | undefined;
  /** Several providers, issuers or API keys are configured, so that `user_id` alone names nobody. */
  readonly severalProviders: boolean;
  /** Key of `hash` masks, derived from the site secret. */
  readonly hashKey: string | Uint8Array;
  /** Columns of the prepared body; undefined when it is not prepared. */
  readonly columns?: readonly ResultColumn[] | undefined;
}
