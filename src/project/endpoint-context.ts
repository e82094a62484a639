import type { Limits } from '../model/endpoint.js';
import type { SiteRules } from './rules.js';

/** What an endpoint file needs to know about its site. */
export interface EndpointContext {
  readonly root: string;
  readonly limits: Limits;
  readonly rules: SiteRules;
  /** Names of the personas. */
  readonly users: readonly string[];
  readonly requireInputPolicy: boolean;
}
