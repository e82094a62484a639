import type { Problem } from '../../errors.js';

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Workflow commands that GitHub Actions turns into annotations, one line per problem. `path` makes a file's name relative to the repository. */
export function githubText(problems: readonly Problem[], path: (file: string) => string): string {
  return problems
    .map(({ severity, origin, rule, message, remedy }) => {
      const file = escapeProperty(path(origin.file));
      const place = `file=${file},line=${origin.line},col=${origin.column},title=${escapeProperty(rule)}`;
      return `::${severity} ${place}::${escapeData(remedy === undefined ? message : `${message}\n${remedy}`)}`;
    })
    .join('\n');
}
