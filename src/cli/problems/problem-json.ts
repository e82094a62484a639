import type { Problem } from '../../errors.js';

/** A problem as the `issues` of `--json` carry it: flat, with the place in `file`, `line`, `column`. */
export function problemJson(problem: Problem): object {
  const { origin, ...rest } = problem;
  return { ...rest, file: origin.file, line: origin.line, column: origin.column };
}
