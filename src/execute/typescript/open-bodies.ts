import { InternalError, type Problem } from '../../errors.js';
import type { StopSignal } from '../../lib/stop-signal.js';
import type { TypeScriptBody } from '../../model/endpoint.js';
import type { PluginFunction } from '../../model/plugin-function.js';
import type { PluginSettings } from '../../model/settings.js';
import { bundleModules, type Bundle } from './bundle.js';
import { findHooks } from './find-hooks.js';
import { openFunctions } from './open-functions.js';
import { loadProblem } from './load-problem.js';
import { loadWorker, type Loaded, type Numbered, type WorkerSite } from './load-worker.js';
import { WorkerPool, type WorkerLoan } from './pool.js';
import type { LoadFailure } from './protocol.js';
import { siteModules, type SiteModule } from './site-module.js';
import type { BodyWorker } from './worker.js';

export interface OpenBodiesOptions extends WorkerSite {
  readonly bodies: readonly TypeScriptBody[];
  readonly plugins: readonly PluginSettings[];
}

/** The TypeScript bodies of a site, loaded and ready to run. */
export interface Bodies {
  /** What is wrong with a body; one with problems has no module. */
  readonly problems: (body: TypeScriptBody) => readonly Problem[];
  /** What is wrong with plugins and hooks. */
  readonly siteProblems: readonly Problem[];
  /** What plugins give to SQL. Their `run` works until `close`. */
  readonly functions: readonly PluginFunction[];
  /** The number by which workers know a body. */
  readonly moduleOf: (body: TypeScriptBody) => number;
  /** A worker for a caller's call of a body, by the number of the body. */
  readonly lend: (module: number, caller: string, signal: StopSignal) => Promise<WorkerLoan>;
  /** Starts all workers, so that no caller waits for one. */
  readonly warm: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Callers of whom a worker stays ready, for each call that can run at once: idle, one takes some 12 MiB of its own. */
const callersPerWorker = 4;

/** Loads what can be loaded; after a module that ended the worker, the others once more without it. */
async function loadAll(
  options: OpenBodiesOptions,
  bundle: Bundle,
  modules: readonly SiteModule[],
): Promise<Loaded & { readonly good: Numbered }> {
  const failures = new Map<SiteModule, LoadFailure>();
  const numbered = modules
    .filter((each) => bundle.urls.has(each))
    .map((each, index) => [index, each] as const);
  for (;;) {
    const good = numbered.filter(([, module]) => !failures.has(module));
    const loaded = await loadWorker(options, bundle, good);
    for (const [module, failure] of loaded.failures) failures.set(module, failure);
    if (loaded.worker.usable()) {
      return { ...loaded, failures, good: good.filter(([, module]) => !failures.has(module)) };
    }
    if (loaded.failures.size === 0) {
      const { detail } = await loaded.worker.ended;
      throw new InternalError(`A worker for TypeScript bodies cannot be started: ${detail}`);
    }
  }
}

/** One more worker with the modules that the first one loaded. */
async function loadAgain(options: OpenBodiesOptions, bundle: Bundle, good: Numbered): Promise<BodyWorker> {
  const { worker, failures } = await loadWorker(options, bundle, good);
  if (failures.size === 0 && worker.usable()) return worker;
  worker.kill('stopped', 'it did not load');
  const said = [...failures].map(([{ file }, { message }]) => `${file}: ${message}`).join('; ');
  throw new InternalError(`A worker did not load what was loaded before. ${said}`);
}

function openPool(
  options: OpenBodiesOptions,
  bundle: Bundle,
  { worker, good }: { readonly worker: BodyWorker; readonly good: Numbered },
): WorkerPool {
  const { workers: size, reuse, queue, memoryBytes } = options.settings;
  const others = good.filter(([, { kind }]) => kind === 'body').length > 1;
  const pool = new WorkerPool({
    size,
    spares: reuse === 'anyone' ? 0 : Math.ceil(size / 2),
    owned: reuse === 'caller' ? size * callersPerWorker : size,
    keep: reuse !== 'never',
    // No body takes all workers away from the others.
    share: others ? Math.max(1, Math.floor(size * 0.75)) : size,
    queue,
    memoryBytes,
    start: () => loadAgain(options, bundle, good),
    failed: (error) => options.output(error instanceof Error ? error.message : 'A worker did not start'),
    ...(good.some(([, { kind }]) => kind === 'hooks') && { farewell: { type: 'shutdown' } }),
  });
  pool.adopt(worker);
  return pool;
}

/**
 * Bundles the bodies, plugins and hooks of a site and loads them into a first worker (spec page 08): the author's mistakes
 * are problems, before anything is served.
 */
export async function openBodies(options: OpenBodiesOptions): Promise<Bodies> {
  const { root, settings } = options;
  const modules = siteModules(
    root,
    options.bodies,
    options.plugins,
    await findHooks(settings.typescriptFolder),
  );
  const bundle = await bundleModules(modules, root);
  try {
    const loaded = await loadAll(options, bundle, modules);
    const { failures, good } = loaded;
    const numbers = new Map(good.map(([number, module]) => [module, number]));
    const byBody = new Map(
      modules.flatMap((each) => (each.kind === 'body' ? [[each.body, each] as const] : [])),
    );
    const problemsOf = (module: SiteModule): readonly Problem[] => {
      const failure = failures.get(module);
      return bundle.problems.get(module) ?? (failure ? [loadProblem(root, module, failure)] : []);
    };
    const { functions, problems, close } = await openFunctions(options, bundle, loaded).catch(
      async (error: unknown) => {
        loaded.worker.kill('stopped', 'what belongs to it cannot be opened');
        await loaded.worker.ended;
        throw error;
      },
    );
    const pool = openPool(options, bundle, loaded);
    return {
      problems: (body) => {
        const module = byBody.get(body);
        return module ? problemsOf(module) : [];
      },
      siteProblems: [...modules.filter(({ kind }) => kind !== 'body').flatMap(problemsOf), ...problems],
      functions,
      moduleOf: (body) => {
        const module = byBody.get(body);
        const number = module && numbers.get(module);
        if (number === undefined) throw new InternalError('A body was not loaded');
        return number;
      },
      lend: (module, caller, signal) => pool.lend(module, settings.reuse === 'caller' ? caller : '', signal),
      warm: () => pool.fill(),
      close: async () => {
        await close();
        await pool.close();
        await bundle.remove();
      },
    };
  } catch (error) {
    await bundle.remove();
    throw error;
  }
}
