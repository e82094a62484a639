import type { LoadOptions } from '../project/load.js';
import type { Overrides } from '../project/overrides.js';
import type { Context } from './context.js';

/** Options of `readProject` and `loadProject`, from the common options and the environment. */
export function loadOptions(context: Context, overrides: Overrides = {}): LoadOptions {
  const { world, options } = context;
  const { site, profile, config, envFile, debug } = options;
  return {
    cwd: world.cwd,
    site,
    profile,
    config,
    env: world.env,
    envFile,
    overrides: { ...overrides, ...(debug && { debug }) },
  };
}
