import type { Problem } from '../../errors.js';
import type { PluginFunction } from '../../model/plugin-function.js';
import type { Bundle } from './bundle.js';
import type { Loaded, Numbered, WorkerSite } from './load-worker.js';
import type { UdfMethod } from './protocol.js';
import type { SiteModule } from './site-module.js';
import { UdfRunner } from './udf-runner.js';

/** Functions of plugins in SQL. */
export interface OpenFunctions {
  readonly functions: readonly PluginFunction[];
  readonly problems: readonly Problem[];
  readonly close: () => Promise<void>;
}

interface Named extends UdfMethod {
  readonly name: string;
  readonly number: number;
  readonly module: SiteModule;
}

const usable = /^[a-z_][a-z0-9_]{0,127}$/;

function problem({ name, module }: Named, message: string): Problem {
  return {
    severity: 'error',
    rule: 'plugin-function',
    message: `The function ${name}: ${message}`,
    remedy: 'Rename the method, or the plugin in the site file',
    origin: module.source.origin,
  };
}

function namesOf(good: Numbered, functions: Loaded['functions']): readonly Named[] {
  return good.flatMap(([number, module]) => {
    if (module.kind !== 'plugin') return [];
    const { name: plugin } = module.plugin;
    return (functions.get(module) ?? []).map((method) => {
      const name = `${method.method}_${plugin}`.toLowerCase();
      return { ...method, name, number, module };
    });
  });
}

function withRunner({ name, number, module, ...method }: Named, runner: UdfRunner): PluginFunction {
  const { args, returns } = method;
  const run: PluginFunction['run'] = (rows) => runner.run(name, number, method, rows);
  return { name, args, returns, origin: module.source.origin, run };
}

/** Starts what computes the functions of plugins; nothing is started when there are none. */
export async function openFunctions(
  site: WorkerSite,
  bundle: Bundle,
  { good, functions }: Pick<Loaded, 'functions'> & { readonly good: Numbered },
): Promise<OpenFunctions> {
  const problems: Problem[] = [];
  const byName = new Map<string, Named>();
  for (const found of namesOf(good, functions)) {
    if (!usable.test(found.name)) problems.push(problem(found, 'this is no name in SQL'));
    else if (byName.has(found.name)) problems.push(problem(found, 'there are two of this name'));
    else byName.set(found.name, found);
  }
  if (byName.size === 0) return { functions: [], problems, close: () => Promise.resolve() };
  const plugins = good.filter(([, { kind }]) => kind === 'plugin');
  const runner = new UdfRunner(site, bundle, plugins);
  await runner.start();
  const made = [...byName.values()].map((found) => withRunner(found, runner));
  return { functions: made, problems, close: () => runner.close() };
}
