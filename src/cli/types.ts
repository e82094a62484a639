import type { Command } from 'commander';
import { ConfigInvalidError, toMxcpError, UsageError, type Problem } from '../errors.js';
import type { Endpoint } from '../model/endpoint.js';
import { byName } from '../project/assemble.js';
import { readProject } from '../project/load.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { countText } from './count-text.js';
import { loadOptions } from './load-options.js';
import { printNote, printResult } from './output.js';
import { printProblems } from './problems/print-problems.js';
import { writeTypes, type WrittenTypes } from './site/write-types.js';
import { watchFiles } from './watch-files.js';

export interface TypesOptions {
  readonly watch?: true;
}

interface Generated extends WrittenTypes {
  readonly endpoints: number;
}

const labelOf = ({ kind, name }: Endpoint): string => `${kind}/${name}`;

/**
 * Throws `CONFIG_INVALID`, and then writes nothing: types that vanish would hide the reason. A body that is not there is none:
 * it is written with the help of these types.
 */
async function generate(context: Context): Promise<Generated> {
  const { project, problems, drafts = [] } = await readProject(loadOptions(context));
  const declared = drafts.flatMap(({ endpoint, sound }) => (sound === 'declaration' ? [endpoint] : []));
  const known = new Set<string | undefined>(declared.map(labelOf));
  const hinders = ({ severity, endpoint }: Problem): boolean => severity === 'error' && !known.has(endpoint);
  if (project === undefined || problems.some(hinders)) throw new ConfigInvalidError(problems);
  const endpoints = [...project.endpoints, ...declared].sort(byName);
  return { ...(await writeTypes({ ...project, endpoints })), endpoints: endpoints.length };
}

function generatedText({ file, endpoints, written }: Generated): string {
  const state = written.includes(file) ? 'written' : 'unchanged';
  return `${file} ${state}: types of ${countText(endpoints, 'endpoint')}`;
}

/** Generates now and after each change of a YAML file of the site, until interrupted. */
async function watch(context: Context): Promise<ExitCode> {
  if (context.options.json)
    throw new UsageError('--watch goes on, and --json prints one document: use one of them');
  const { location } = await readProject(loadOptions(context));
  const generateOnce = async (): Promise<void> => {
    try {
      printNote(context, generatedText(await generate(context)));
    } catch (error) {
      const known = toMxcpError(error);
      if (known.code !== 'CONFIG_INVALID') throw error;
      printProblems(context, known.problems);
    }
  };
  const isYaml = (path: string): boolean => /\.ya?ml$/i.test(path);
  await watchFiles(location.root, isYaml, generateOnce, context.world.interrupts());
  return 0;
}

/** Writes the types of arguments and results of every endpoint for TypeScript bodies (spec page 08). */
export async function types(context: Context, options: TypesOptions): Promise<ExitCode> {
  if (options.watch === true) return watch(context);
  const generated = await generate(context);
  return printResult(context, generated, () => generatedText(generated));
}

/** `mxcp types [--watch]`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .option('--watch', 'write them again whenever an endpoint file changes')
    .action((options: TypesOptions) => invoke((context) => types(context, options)));
}
