import type { Origin } from '../errors.js';
import type { UdfSignature, UdfValue } from './udf.js';

/** A function that SQL can call (spec page 08, "Plugins"). */
export interface PluginFunction extends UdfSignature {
  /** `<method>_<plugin>`. */
  readonly name: string;
  /** Where the site names the plugin. */
  readonly origin: Origin;
  /**
   * The values for some rows, none of which has a NULL. Blocks the thread for a bounded time; throws `PluginFunctionError`
   * when the function failed, took too long, or gave what it may not.
   */
  readonly run: (rows: readonly (readonly UdfValue[])[]) => readonly UdfValue[];
}
