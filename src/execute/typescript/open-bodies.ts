import type { Problem } from '../../errors.js';
import { InternalError } from '../../errors.js';
import { bareObject } from '../../lib/bare-object.js';
import type { TypeScriptBody } from '../../model/endpoint.js';
import type { JsonObject } from '../../model/json.js';
import type { BodySettings } from '../../model/settings.js';
import { bundleBodies, type Bundle } from './bundle.js';
import { loadProblem } from './load-problem.js';
import { WorkerPool, type WorkerLoan } from './pool.js';
import { startProcess } from './process-link.js';
import type { LoadFailure } from './protocol.js';
import { startThread } from './thread-link.js';
import { startWorker, type BodyWorker } from './worker.js';

export interface OpenBodiesOptions {
  readonly bodies: readonly TypeScriptBody[];
  readonly settings: BodySettings;
  /** The site root. */
  readonly root: string;
  /** What `ctx.config` gives: settings by path, secrets replaced. */
  readonly config: JsonObject;
  /** The server's environment; workers get what `settings.env` names. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What bodies print, and workers that do not start. */
  readonly output: (line: string) => void;
  /** How long the top level of a module may take, milliseconds. */
  readonly loadMs?: number;
}

/** The TypeScript bodies of a site, loaded and ready to run. */
export interface Bodies {
  /** What is wrong with a body; one with problems has no module. */
  readonly problems: (body: TypeScriptBody) => readonly Problem[];
  /** The number by which workers know a body. */
  readonly moduleOf: (body: TypeScriptBody) => number;
  readonly lend: (signal: AbortSignal) => Promise<WorkerLoan>;
  /** Starts all workers, so that no caller waits for one. */
  readonly warm: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function environmentFor({ settings, environment }: OpenBodiesOptions): Record<string, string> {
  const picked = bareObject<string>();
  for (const name of settings.env) {
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

interface Loaded {
  readonly worker: BodyWorker;
  readonly failures: ReadonlyMap<TypeScriptBody, LoadFailure>;
}

type Numbered = readonly (readonly [number, TypeScriptBody])[];

/** Modules that a worker has to load, and what is heard of them. */
interface Loading {
  readonly waiting: Set<number>;
  readonly failures: Map<number, LoadFailure>;
  /** Called for each module that is loaded, or is not going to be. */
  progressed: () => void;
}

function startLoading(options: OpenBodiesOptions, bundle: Bundle, loading: Loading): BodyWorker {
  const { settings, root, output } = options;
  return startWorker(
    settings.isolation === 'thread' ? startThread : startProcess,
    {
      program: bundle.program,
      memoryBytes: settings.memoryBytes,
      environment: environmentFor(options),
      readable: [bundle.folder, settings.typescriptFolder, settings.pluginsFolder, `${root}/node_modules`],
    },
    {
      output,
      loaded: ({ module, failure }) => {
        if (failure && loading.waiting.has(module)) loading.failures.set(module, failure);
        loading.waiting.delete(module);
        loading.progressed();
      },
    },
  );
}

/** Waits for the next module. Resolves with why there is none: the worker ended, or it takes too long. */
async function nextLoaded(worker: BodyWorker, loading: Loading, loadMs: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const progress = new Promise<string | undefined>((resolve) => {
    timer = setTimeout(() => resolve(`it took longer than ${loadMs} ms`), loadMs);
    loading.progressed = () => resolve(undefined);
  });
  const end = worker.ended.then(({ detail }) => `it ended the worker: ${detail}`);
  return Promise.race([progress, end]).finally(() => clearTimeout(timer));
}

/** Starts a worker and loads bodies into it, in order. One whose module ends the worker, or does not end, is its failure. */
async function load(options: OpenBodiesOptions, bundle: Bundle, bodies: Numbered): Promise<Loaded> {
  const { config, loadMs = 10_000 } = options;
  const byNumber = new Map(bodies);
  const loading: Loading = {
    waiting: new Set(byNumber.keys()),
    failures: new Map(),
    progressed: () => undefined,
  };
  const worker = startLoading(options, bundle, loading);
  worker.send({ type: 'config', settings: config });
  for (const [module, body] of bodies) {
    worker.send({ type: 'load', module, url: bundle.urls.get(body) ?? '', names: body.exportNames });
  }
  while (loading.waiting.size > 0) {
    const stuck = await nextLoaded(worker, loading, loadMs);
    if (stuck === undefined) continue;
    worker.kill('stopped', 'a module did not load');
    const [culprit] = loading.waiting;
    if (culprit !== undefined) loading.failures.set(culprit, { reason: 'threw', message: stuck, stack: '' });
    break;
  }
  const failures = bodies.flatMap(([module, body]) => {
    const failure = loading.failures.get(module);
    return failure ? [[body, failure] as const] : [];
  });
  return { worker, failures: new Map(failures) };
}

/** Loads what can be loaded; after a body that ended the worker, the others once more without it. */
async function loadAll(
  options: OpenBodiesOptions,
  bundle: Bundle,
): Promise<Loaded & { readonly good: Numbered }> {
  const failures = new Map<TypeScriptBody, LoadFailure>();
  const numbered = [...bundle.urls.keys()].map((body, index) => [index, body] as const);
  for (;;) {
    const good = numbered.filter(([, body]) => !failures.has(body));
    const loaded = await load(options, bundle, good);
    for (const [body, failure] of loaded.failures) failures.set(body, failure);
    if (loaded.worker.usable()) {
      return { worker: loaded.worker, failures, good: good.filter(([, body]) => !failures.has(body)) };
    }
    if (loaded.failures.size === 0) {
      const { detail } = await loaded.worker.ended;
      throw new InternalError(`A worker for TypeScript bodies cannot be started: ${detail}`);
    }
  }
}

/**
 * Bundles the bodies of a site and loads them into a first worker (spec page 08): the author's mistakes are problems, before
 * anything is served. Without bodies nothing is started.
 */
export async function openBodies(options: OpenBodiesOptions): Promise<Bodies> {
  const bundle = await bundleBodies(options.bodies, options.root);
  try {
    const { worker, failures, good } = await loadAll(options, bundle);
    const numbers = new Map(good.map(([number, body]) => [body, number]));
    const { workers: size, queue, memoryBytes } = options.settings;
    const pool = new WorkerPool({
      size,
      queue,
      memoryBytes,
      start: async () => {
        const started = await load(options, bundle, good);
        if (started.failures.size === 0 && started.worker.usable()) return started.worker;
        started.worker.kill('stopped', 'it did not load');
        throw new InternalError('A worker did not load bodies that loaded before');
      },
      failed: (error) => options.output(error instanceof Error ? error.message : 'A worker did not start'),
    });
    pool.adopt(worker);
    return {
      problems: (body) => {
        const failure = failures.get(body);
        return bundle.problems.get(body) ?? (failure ? [loadProblem(body, failure)] : []);
      },
      moduleOf: (body) => {
        const number = numbers.get(body);
        if (number === undefined) throw new InternalError('A body was not loaded');
        return number;
      },
      lend: (signal) => pool.lend(signal),
      warm: () => pool.fill(),
      close: async () => {
        await pool.close();
        await bundle.remove();
      },
    };
  } catch (error) {
    await bundle.remove();
    throw error;
  }
}
