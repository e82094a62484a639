import { relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ConfigInvalidError, UsageError, type Problem } from '../errors.js';
import type { Project } from '../model/project.js';
import { readProject } from '../project/load.js';
import { readMigration } from '../project/migration.js';
import { sortProblems } from '../project/problems.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { countText } from './count-text.js';
import { findProblems, type Findings } from './find-problems.js';
import { loadOptions } from './load-options.js';
import { migrationText } from './migration-text.js';
import { printJson, printResult, printText } from './output.js';
import { githubText } from './problems/github.js';
import { printProblems } from './problems/print-problems.js';
import { problemJson } from './problems/problem-json.js';
import { sarifLog } from './problems/sarif.js';
import { selectProblems } from './problems/select-problems.js';
import { packageVersion } from './version.js';

export type ProblemFormat = 'text' | 'json' | 'github' | 'sarif';

export interface ValidateOptions {
  /** False with `--no-database`. */
  readonly database: boolean;
  readonly format?: ProblemFormat;
  readonly readonly?: true;
  readonly migration?: true;
}

/** What is printed. */
interface Shown extends Findings {
  readonly root: string;
  readonly endpoints: number;
  /** False with `--no-database`. */
  readonly database: boolean;
}

function findingsText({ endpoints, unprepared, problems, database }: Shown): string {
  const why = database ? 'until the profile and its database are mended' : '(--no-database)';
  const skipped = unprepared === 0 ? '' : `, the SQL of ${unprepared} not looked at ${why}`;
  return `${countText(endpoints, 'endpoint')} checked${skipped}${problems.length === 0 ? ': no problems' : ''}`;
}

function findingsJson({ problems, endpoints, unprepared }: Shown, valid: boolean): object {
  const issues = problems.map(problemJson);
  if (valid) return { status: 'ok', result: { endpoints, unprepared, issues } };
  const { message, code } = new ConfigInvalidError(problems);
  return { status: 'error', error: message, code, issues, endpoints, unprepared };
}

function printFindings(context: Context, findings: Shown, format: ProblemFormat, valid: boolean): void {
  const { problems, root } = findings;
  const path = (file: string): string =>
    relative(context.world.cwd, resolve(root, file)).replaceAll('\\', '/');
  switch (format) {
    case 'json':
      printJson(context, findingsJson(findings, valid));
      break;
    case 'github':
      printText(context, githubText(problems, path));
      break;
    case 'sarif':
      printJson(context, sarifLog(problems, packageVersion(), path));
      break;
    case 'text':
      printProblems(context, problems);
      printText(context, findingsText(findings));
  }
}

async function migrate(context: Context, options: ValidateOptions): Promise<ExitCode> {
  const files = await readMigration(loadOptions(context, { readonly: options.readonly }));
  const code = files.some(({ status }) => status === 'needs-porting') ? 3 : 0;
  return printResult(context, { files }, () => migrationText(files, context.colors.stdout), code);
}

const placeOf = ({ origin: { file, line, column } }: Problem): string => `${file}:${line}:${column}`;

/**
 * The types of TypeScript bodies; the compiler is loaded only where there are some. What was found already at the same place
 * is not told again.
 */
async function typeProblems(
  project: Project | undefined,
  found: readonly Problem[],
): Promise<readonly Problem[]> {
  if (project?.endpoints.some(({ body }) => body?.language === 'typescript') !== true) return [];
  const { checkAuthorTypes } = await import('../inspect/types/check-types.js');
  const places = new Set(found.map(placeOf));
  return checkAuthorTypes(project).filter((problem) => !places.has(placeOf(problem)));
}

/**
 * Finds everything that is wrong with the site, or with the named endpoints and files of it, in one run. Exit code 3 when
 * there are errors; warnings do not count.
 */
export async function validate(
  context: Context,
  targets: readonly string[],
  options: ValidateOptions,
): Promise<ExitCode> {
  const { json } = context.options;
  if (json && options.format !== undefined && options.format !== 'json') {
    throw new UsageError(`--json and --format ${options.format} exclude each other`);
  }
  if (options.migration === true) {
    if (targets.length > 0 || options.format !== undefined)
      throw new UsageError('--migration is about the whole site, and goes with --json but not with --format');
    return migrate(context, options);
  }
  const reading = await readProject(loadOptions(context, { readonly: options.readonly }));
  const { location, project, files } = reading;
  const space = { root: location.root, cwd: context.world.cwd, project, files };
  const found = await findProblems(reading, options.database);
  const endpoints = (project?.endpoints.length ?? 0) + (project?.broken.length ?? 0);
  const all = sortProblems([...found.problems, ...(await typeProblems(project, found.problems))]);
  const problems = selectProblems(all, space, targets);
  const valid = !problems.some(({ severity }) => severity === 'error');
  const format = json ? 'json' : (options.format ?? 'text');
  const shown = { ...found, problems, endpoints, root: location.root, database: options.database };
  printFindings(context, shown, format, valid);
  return valid ? 0 : 3;
}

/** `mxcp validate [FILE|NAME]…`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .argument('[targets...]', 'files or endpoints (default: the whole site)')
    .option('--no-database', 'check everything but what needs the database')
    .option('--migration', 'say per file what differs from the Python program')
    .addOption(
      new Option('--format <format>', 'how problems are printed').choices([
        'text',
        'json',
        'github',
        'sarif',
      ]),
    )
    .option('--readonly', 'open the database read-only')
    .action((targets: readonly string[], options: ValidateOptions) =>
      invoke((context) => validate(context, targets, options)),
    );
}
