import type { JsonObject } from '../../../model/json.js';
import type { SiteContext } from '../../../model/tool-context.js';
import type { FromWorker, LoadFailure, ToWorker, UdfMethod } from '../protocol.js';
import { openScope, type CallScope } from './call-scope.js';
import { failedLoad, importFunction } from './load-module.js';
import { createSiteContext } from './tool-context.js';
import { createUdfs, type Udfs } from './udfs.js';

/** What a worker has beside bodies: the site's plugins and hooks. */
export interface Site {
  /** Its line to the server outside of any call. */
  readonly scope: CallScope;
  /** What `ctx.plugins` is: the instances by name. */
  readonly plugins: SiteContext['plugins'];
  readonly configure: (settings: JsonObject) => void;
  /** Makes a plugin. Gives why it cannot be made; never throws. */
  readonly addPlugin: (message: ToWorker & { type: 'plugin' }) => Promise<LoadFailure | null>;
  /** The functions in SQL of its plugins. */
  readonly udfs: Udfs;
  /** Those of one plugin, by the number of its module. */
  readonly functionsOf: (module: number) => readonly UdfMethod[];
  /** Runs `onInit`, and keeps `onShutdown` for later. Gives why it failed; never throws. */
  readonly addHooks: (message: ToWorker & { type: 'hooks' }) => Promise<LoadFailure | null>;
  /** Runs every `onShutdown`, the last one first, and tells the log of those that fail. */
  readonly shutDown: () => Promise<void>;
}

/** Opens the site of a worker, which speaks under the number of no call. */
export function openSite(send: (message: FromWorker) => void): Site {
  const scope = openScope(0, send);
  const plugins = Object.create(null) as Record<string, unknown>;
  const udfs = createUdfs();
  const functions = new Map<number, readonly UdfMethod[]>();
  const shutdowns: (() => unknown)[] = [];
  let context = createSiteContext(scope, {}, plugins);
  const tried = async (work: () => unknown): Promise<LoadFailure | null> => {
    try {
      await work();
      return null;
    } catch (error) {
      return failedLoad(error);
    }
  };
  return {
    scope,
    plugins,
    udfs,
    functionsOf: (module) => functions.get(module) ?? [],
    configure: (settings) => {
      context = createSiteContext(scope, settings, plugins);
    },
    addPlugin: async ({ module, url, name, config }) => {
      const found = await importFunction(url, ['create']);
      if ('failure' in found) return found.failure;
      const create = found.exported;
      return tried(async () => {
        const value: unknown = await create(config, context);
        if (typeof value !== 'object' || value === null) throw new TypeError('create returned no object');
        functions.set(module, udfs.add(module, value));
        Object.defineProperty(plugins, name, { value, enumerable: true });
      });
    },
    addHooks: async ({ url }) => {
      const init = await importFunction(url, ['onInit']);
      const end = await importFunction(url, ['onShutdown']);
      if ('exported' in end) shutdowns.unshift(() => end.exported(context));
      if ('exported' in init) return tried(() => init.exported(context));
      return init.failure.reason === 'threw' ? init.failure : null;
    },
    shutDown: async () => {
      for (const shutdown of shutdowns) {
        const failure = await tried(shutdown);
        if (failure) context.log.error(`onShutdown failed: ${failure.message}`, { stack: failure.stack });
      }
    },
  };
}
