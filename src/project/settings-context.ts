import type { Environment } from './expand.js';
import type { Field } from './field.js';
import type { Overrides } from './overrides.js';
import type { SettingReader } from './setting-reader.js';

/** Folders of the site, as written in `paths`, relative to the site root. */
export interface SitePaths {
  readonly tools: string;
  readonly resources: string;
  readonly prompts: string;
  readonly audit: string;
  readonly data: string;
}

/** Everything that settings are chosen from. */
export interface SettingsContext {
  readonly root: string;
  /** The working directory: what paths of flags and the environment start at. */
  readonly cwd: string;
  readonly site: Field;
  readonly profileName: string;
  /** The active profile of the site file. */
  readonly profile: Field | undefined;
  /** The user config. */
  readonly user: Field | undefined;
  /** The active profile of the user config. */
  readonly userProfile: Field | undefined;
  readonly paths: SitePaths;
  readonly env: Environment;
  readonly overrides: Overrides;
  readonly reader: SettingReader;
}
