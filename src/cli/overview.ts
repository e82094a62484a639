import { catalog } from './catalog.js';
import { commonOptions, helpOption, versionOption } from './common-options.js';
import { packageVersion } from './version.js';

export const description = 'Policy-driven data tools for the Model Context Protocol';

/** What `mxcp --version` prints. */
export function versionText(): string {
  return `mxcp ${packageVersion()} (node)`;
}

function column(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

/** What `mxcp --help` prints: every command and common option. */
export function overviewText(): string {
  const commands = catalog.map(({ name, summary }) => [name, summary] as const);
  return `Usage: mxcp <command> [options]

${description}

Commands:
${column(commands)}
Options of every command:
${column([...commonOptions, versionOption, helpOption])}
mxcp <command> --help prints the options of one command.
`;
}
