import type { Command } from 'commander';
import { ConfigInvalidError } from '../errors.js';
import type { EffectiveSetting, Project } from '../model/project.js';
import { readProject } from '../project/load.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { loadOptions } from './load-options.js';
import { printResult } from './output.js';
import { printProblems } from './problems/print-problems.js';
import { problemJson } from './problems/problem-json.js';
import { tableText } from './table.js';

function valueText({ value, unit }: EffectiveSetting): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return unit === undefined ? text : `${text} ${unit}`;
}

function configText(context: Context, project: Project): string {
  const { root, name, profile, settings } = project;
  const rows = settings.map((setting) => [setting.path, valueText(setting), setting.from]);
  return [
    `Site ${root}`,
    `Project ${name}, profile ${profile}`,
    '',
    tableText(['SETTING', 'VALUE', 'FROM'], rows, context.colors.stdout),
  ].join('\n');
}

/** Prints the effective configuration with the origin of each value; secrets are hidden. Exit code 3 when it has errors. */
export async function config(context: Context): Promise<ExitCode> {
  const { project, problems, siteErrors } = await readProject(loadOptions(context));
  if (project === undefined) throw new ConfigInvalidError(problems);
  const { root, name, profile, settings } = project;
  const result = { root, project: name, profile, settings, issues: siteErrors.map(problemJson) };
  printResult(context, result, () => configText(context, project));
  if (!context.options.json) printProblems(context, siteErrors);
  return siteErrors.length > 0 ? 3 : 0;
}

/** `mxcp config`. */
export function configure(command: Command, invoke: Invoke): void {
  command.action(() => invoke((context) => config(context)));
}
