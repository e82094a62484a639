import type { Problem } from '../../errors.js';
import type { Colors, Context } from '../context.js';
import { countText } from '../count-text.js';
import { printable } from '../printable.js';

function indented(text: string): string {
  return printable(text)
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

function problemText(problem: Problem, colors: Colors): string {
  const { file, line, column } = problem.origin;
  const severity = problem.severity === 'error' ? colors.red('error') : colors.yellow('warning');
  const place = printable(`${file}:${line}:${column}`);
  return [
    `${colors.bold(place)} ${severity} ${printable(problem.message).replaceAll('\n', '\n    ')} ${colors.dim(`[${problem.rule}]`)}`,
    ...(problem.excerpt === undefined ? [] : [colors.dim(indented(problem.excerpt))]),
    ...(problem.remedy === undefined ? [] : [indented(problem.remedy)]),
  ].join('\n');
}

/** `3 errors, 1 warning`. */
export function problemTotals(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return `${countText(errors, 'error')}, ${countText(problems.length - errors, 'warning')}`;
}

/** All problems on stderr, each with its place, its text with a caret where known, and its remedy; then the totals. */
export function printProblems(context: Context, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const texts = problems.map((problem) => problemText(problem, context.colors.stderr));
  context.world.stderr.write(`${texts.join('\n')}\n${problemTotals(problems)}\n`);
}
