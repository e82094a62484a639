import type { AuthSettings, RateSettings } from './auth-settings.js';
import type { Persona } from './caller.js';
import type { Endpoint } from './endpoint.js';
import type { Json } from './json.js';
import type { Authorization, EndpointPolicies } from './rule.js';
import type { Origin, Problem } from '../errors.js';
import type {
  AuditSettings,
  BodySettings,
  DatabaseSettings,
  LoggingSettings,
  PluginSettings,
  Secret,
  ServerInfo,
  TransportSettings,
} from './settings.js';

/** Rules about rules that hold for the whole site (`policies` of the site file). */
export interface PolicySettings {
  readonly requireInputPolicy: boolean;
  readonly strictFields: boolean;
  /** False: endpoints that an input rule always denies are listed all the same. */
  readonly hideDenied: boolean;
  readonly hashScope: 'field' | 'site';
}

/** An endpoint file that has errors; it keeps the site from starting unless `--ignore-errors` leaves it out. */
export interface BrokenEndpoint {
  readonly file: string;
  readonly kind?: Endpoint['kind'];
  readonly name?: string;
}

/** What the number of a setting counts. */
export type SettingUnit = 's' | 'ms' | 'bytes';

/** One setting as `mxcp config` prints it. Secret values are already replaced. */
export interface EffectiveSetting {
  readonly path: string;
  readonly value: Json;
  /** Of a number that measures something. */
  readonly unit?: SettingUnit;
  /** `flag`, `environment`, `user config`, `site`, `default`. */
  readonly from: string;
}

/** Everything that a site declares: parsed, validated, frozen. No I/O, no functions (spec page 01, "Eight nouns"). */
export interface Project {
  /** Absolute path of the site root. */
  readonly root: string;
  readonly name: string;
  readonly profile: string;
  /** Absolute path of the site file. */
  readonly file: string;
  readonly origin: Origin;
  readonly server: ServerInfo;
  readonly secrets: readonly Secret[];
  readonly database: DatabaseSettings;
  readonly audit: AuditSettings;
  readonly transport: TransportSettings;
  readonly auth: AuthSettings;
  readonly logging: LoggingSettings;
  readonly rates: RateSettings;
  readonly bodies: BodySettings;
  readonly plugins: readonly PluginSettings[];
  readonly authorization: Authorization;
  readonly users: Readonly<Record<string, Persona>>;
  readonly policies: PolicySettings;
  /** Rules of the site file that match no endpoint: in effect nowhere, and checked all the same. */
  readonly idleRules?: EndpointPolicies;
  /** Tools, resources and prompts, sorted by kind and name; the built-in SQL tools are among them when enabled. */
  readonly endpoints: readonly Endpoint[];
  readonly broken: readonly BrokenEndpoint[];
  /** Root of all internal keys when configured (`secret_key`); see `project/site-secret.ts` for the generated one. */
  readonly secretKey?: string;
  /** SHA-256 (hex) over site file, endpoint files, bodies and effective rules. */
  readonly digest: string;
  readonly warnings: readonly Problem[];
  readonly settings: readonly EffectiveSetting[];
}

/**
 * An endpoint whose file has errors, as far as it was understood: for finding more errors, never to be served. `body`: only
 * what its body says by itself can be judged; all else may be a consequence of the errors. `declaration`: all but the body,
 * which is not written yet, or cannot be taken.
 */
export interface Draft {
  readonly endpoint: Endpoint;
  readonly sound: 'whole' | 'body' | 'declaration';
}
