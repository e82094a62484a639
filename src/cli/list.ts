import { Option, type Command } from 'commander';
import { ConfigInvalidError, type Problem } from '../errors.js';
import type { Endpoint } from '../model/endpoint.js';
import type { BrokenEndpoint, Project } from '../model/project.js';
import type { EndpointKind } from '../model/rule.js';
import { readProject } from '../project/load.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { loadOptions } from './load-options.js';
import { printResult } from './output.js';
import { printProblems } from './problems/print-problems.js';
import { problemJson } from './problems/problem-json.js';
import { tableText } from './table.js';

export interface ListOptions {
  readonly kind?: EndpointKind;
  readonly tag?: string;
}

interface Broken extends BrokenEndpoint {
  readonly problems: readonly Problem[];
}

function isError({ severity }: Problem): boolean {
  return severity === 'error';
}

function withReasons(project: Project, problems: readonly Problem[]): readonly Broken[] {
  return project.broken.map((broken) => {
    const label = `${broken.kind ?? ''}/${broken.name ?? ''}`;
    const own = problems.filter(({ endpoint, origin }) => endpoint === label || origin.file === broken.file);
    return { ...broken, problems: own.filter(isError) };
  });
}

function endpointJson(endpoint: Endpoint): object {
  const { kind, name, description, tags, policies, origin } = endpoint;
  return {
    kind,
    name,
    description: description ?? null,
    tags,
    rules: { input: policies.input.map(({ id }) => id), output: policies.output.map(({ id }) => id) },
    path: origin.file,
    error: null,
  };
}

function brokenJson({ kind, name, file, problems }: Broken): object {
  return {
    kind: kind ?? null,
    name: name ?? null,
    path: file,
    error: problems.map(({ message }) => message).join('\n'),
    issues: problems.map(problemJson),
  };
}

function rulesText({ policies: { input, output } }: Endpoint): string {
  return input.length + output.length === 0 ? '-' : `${input.length} in, ${output.length} out`;
}

function listText(context: Context, endpoints: readonly Endpoint[], broken: readonly Broken[]): string {
  const colors = context.colors.stdout;
  const rows = endpoints.map((one) => [
    one.kind,
    one.name,
    one.tags.join(', '),
    rulesText(one),
    one.origin.file,
  ]);
  const lines =
    endpoints.length === 0
      ? ['No endpoints']
      : [tableText(['KIND', 'NAME', 'TAGS', 'RULES', 'FILE'], rows, colors)];
  if (broken.length === 0) return lines.join('\n');
  const reasons = broken.map(({ kind, name, file, problems }) => [
    kind ?? '?',
    name ?? '?',
    file,
    problems[0]?.message ?? '',
    problems.length > 1 ? `and ${problems.length - 1} more` : '',
  ]);
  const title = colors.red('With errors, not served (mxcp validate says all):');
  return [...lines, '', title, tableText(['KIND', 'NAME', 'FILE', 'REASON', ''], reasons, colors)].join('\n');
}

/** Lists the endpoints of the site, broken ones with the reason; exit code 3 when there are errors. Opens no database. */
export async function list(context: Context, options: ListOptions): Promise<ExitCode> {
  const { project, problems, siteErrors } = await readProject(loadOptions(context));
  if (project === undefined) throw new ConfigInvalidError(problems);
  const { kind, tag } = options;
  const endpoints = project.endpoints.filter(
    (one) => (kind === undefined || one.kind === kind) && (tag === undefined || one.tags.includes(tag)),
  );
  const broken = withReasons(project, problems).filter(
    (one) => tag === undefined && (kind === undefined || one.kind === undefined || one.kind === kind),
  );
  const code = broken.length > 0 || siteErrors.length > 0 ? 3 : 0;
  const result = {
    endpoints: [...endpoints.map(endpointJson), ...broken.map(brokenJson)],
    issues: siteErrors.map(problemJson),
  };
  printResult(context, result, () => listText(context, endpoints, broken));
  if (!context.options.json) printProblems(context, siteErrors);
  return code;
}

/** `mxcp list`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .addOption(new Option('--kind <kind>', 'only one kind').choices(['tool', 'resource', 'prompt']))
    .option('--tag <tag>', 'only endpoints with this tag')
    .action((options: ListOptions) => invoke((context) => list(context, options)));
}
