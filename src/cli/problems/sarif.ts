import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Problem } from '../../errors.js';

function uri(path: string): string {
  if (isAbsolute(path)) return pathToFileURL(path).href;
  return path.split(/[/\\]/).map(encodeURIComponent).join('/');
}

function result(problem: Problem, path: (file: string) => string): object {
  const { severity, rule, message, remedy, origin } = problem;
  return {
    ruleId: rule,
    level: severity,
    message: { text: remedy === undefined ? message : `${message}\n${remedy}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uri(path(origin.file)) },
          region: { startLine: origin.line, startColumn: origin.column },
        },
      },
    ],
  };
}

/** A SARIF 2.1.0 log (OASIS) of the problems. `path` makes a file's name relative to the repository. */
export function sarifLog(
  problems: readonly Problem[],
  version: string,
  path: (file: string) => string,
): object {
  const rules = [...new Set(problems.map(({ rule }) => rule))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'mxcp', version, rules: rules.map((id) => ({ id })) } },
        columnKind: 'utf16CodeUnits',
        results: problems.map((problem) => result(problem, path)),
      },
    ],
  };
}
