import { bareObject } from '../../lib/bare-object.js';
import type { JsonObject } from '../../model/json.js';
import type { BodySettings } from '../../model/settings.js';
import type { Bundle } from './bundle.js';
import { callNiceness } from './processor.js';
import { startProcess } from './process-link.js';
import type { FromWorker, LoadFailure, UdfMethod } from './protocol.js';
import { createSiteAnswers, type SiteHost } from './site-host.js';
import { loadMessage, type SiteModule } from './site-module.js';
import { startThread } from './thread-link.js';
import { startWorker, type BodyWorker, type StartLink } from './worker.js';

/** What workers of a site are made from. */
export interface WorkerSite {
  readonly settings: BodySettings;
  /** The site root. */
  readonly root: string;
  /** What `ctx.config` gives: settings by path, secrets replaced. */
  readonly config: JsonObject;
  /** The server's environment; workers get what `settings.env` names. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What plugins and hooks can ask for outside of a call. */
  readonly host: SiteHost;
  /** What bodies print, and workers that do not start. */
  readonly output: (line: string) => void;
  /** How long the top level of a module, a `create` or an `onInit` may take, milliseconds (default 10,000). */
  readonly loadMs?: number;
}

/** Modules by the numbers under which workers know them. */
export type Numbered = readonly (readonly [number, SiteModule])[];

type LoadedMessage = FromWorker & { readonly type: 'loaded' };

/** A worker that was started, and what it said of each module. Not usable after a module that ended it, or did not end. */
export interface Loaded {
  readonly worker: BodyWorker;
  readonly failures: ReadonlyMap<SiteModule, LoadFailure>;
  /** The functions in SQL of plugins. */
  readonly functions: ReadonlyMap<SiteModule, readonly UdfMethod[]>;
}

/** Modules that a worker has to load, and what is heard of them. */
interface Loading {
  readonly waiting: Set<number>;
  readonly failures: Map<number, LoadFailure>;
  readonly functions: Map<number, readonly UdfMethod[]>;
  /** Called for each module that is loaded, or is not going to be. */
  progressed: () => void;
}

function environmentFor({ settings, environment }: WorkerSite): Record<string, string> {
  const picked = bareObject<string>();
  for (const name of settings.env) {
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

function heard(loading: Loading, { module, failure, functions }: LoadedMessage): void {
  if (!loading.waiting.delete(module)) return;
  if (failure) loading.failures.set(module, failure);
  loading.functions.set(module, functions);
  loading.progressed();
}

function start(site: WorkerSite, bundle: Bundle, loading: Loading, startLink: StartLink): BodyWorker {
  const { settings, root, output, host } = site;
  return startWorker(
    startLink,
    {
      program: bundle.program,
      memoryBytes: settings.memoryBytes,
      environment: environmentFor(site),
      readable: [bundle.folder, settings.typescriptFolder, settings.pluginsFolder, `${root}/node_modules`],
    },
    { output, loaded: (message) => heard(loading, message), site: createSiteAnswers(host) },
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

function byModule<T>(modules: Numbered, byNumber: ReadonlyMap<number, T>): ReadonlyMap<SiteModule, T> {
  const found = modules.flatMap(([number, module]) => {
    const value = byNumber.get(number);
    return value === undefined ? [] : [[module, value] as const];
  });
  return new Map(found);
}

/** A worker for bodies: below the server's priority from its first moment, which is when it uses most of the processor. */
function startForBodies({ settings }: WorkerSite): StartLink {
  const startLink = settings.isolation === 'thread' ? startThread : startProcess;
  return (options, events) => {
    const link = startLink(options, events);
    link.setNiceness(callNiceness());
    return link;
  };
}

/**
 * Starts a worker and loads modules into it, in order. One that ends the worker, or does not end, is its failure; the
 * worker is not usable then.
 */
export async function loadWorker(
  site: WorkerSite,
  bundle: Bundle,
  modules: Numbered,
  startLink: StartLink = startForBodies(site),
): Promise<Loaded> {
  const { config, loadMs = 10_000 } = site;
  const waiting = new Set(modules.map(([number]) => number));
  const loading: Loading = {
    waiting,
    failures: new Map(),
    functions: new Map(),
    progressed: () => undefined,
  };
  const worker = start(site, bundle, loading, startLink);
  worker.send({ type: 'config', settings: config });
  for (const [number, module] of modules)
    worker.send(loadMessage(number, bundle.urls.get(module) ?? '', module));
  while (waiting.size > 0) {
    const stuck = await nextLoaded(worker, loading, loadMs);
    if (stuck === undefined) continue;
    worker.kill('stopped', 'a module did not load');
    const [culprit] = waiting;
    if (culprit !== undefined) loading.failures.set(culprit, { reason: 'threw', message: stuck, stack: '' });
    break;
  }
  return {
    worker,
    failures: byModule(modules, loading.failures),
    functions: byModule(modules, loading.functions),
  };
}
