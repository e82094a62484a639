import type { Command } from 'commander';
import { UsageError } from '../errors.js';
import { examineSite } from '../inspect/doctor/examine-site.js';
import type { Finding } from '../inspect/doctor/finding.js';
import { probeServer } from '../inspect/doctor/probe-server.js';
import type { Colors, Context, ExitCode, Invoke } from './context.js';
import { openSite } from './open-site.js';
import { printResult } from './output.js';
import { printable } from './printable.js';

export interface DoctorOptions {
  readonly url?: string;
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UsageError(`--url takes the address of an MCP endpoint, for example https://tools.example/mcp`);
}

async function probe(url: URL): Promise<readonly Finding[]> {
  try {
    return await probeServer(url);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const detail = cause instanceof Error ? cause.message : 'no answer';
    const fix = 'Start the server, or correct the address';
    return [{ id: 'live-server', title: `${url.origin} answers`, status: 'fail', detail, fix }];
  }
}

const marks = { pass: 'ok  ', fail: 'FAIL', note: 'note' } as const;

function line({ status, title, detail, fix }: Finding, colors: Colors): string {
  const color = { pass: colors.green, fail: colors.red, note: colors.yellow }[status];
  const said = `${color(marks[status])}  ${title}: ${printable(detail)}`;
  return fix === undefined ? said : `${said}\n      ${colors.bold('fix:')} ${printable(fix)}`;
}

function findingsText(findings: readonly Finding[], colors: Colors): string {
  const failed = findings.filter(({ status }) => status === 'fail').length;
  const total = failed === 0 ? 'Ready for production' : `${failed} of ${findings.length} items failed`;
  return [...findings.map((finding) => line(finding, colors)), '', total].join('\n');
}

/** Runs the production checklist against the configuration and, with `--url`, a running server. Exit code 4 on a failure. */
export async function doctor(context: Context, { url }: DoctorOptions): Promise<ExitCode> {
  const address = url === undefined ? undefined : urlOf(url);
  const { project } = await openSite(context);
  const findings = [...(await examineSite(project)), ...(address === undefined ? [] : await probe(address))];
  const code = findings.some(({ status }) => status === 'fail') ? 4 : 0;
  return printResult(context, { findings }, () => findingsText(findings, context.colors.stdout), code);
}

/** `mxcp doctor`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .option('--url <url>', 'also try a running server, at the address of its MCP endpoint')
    .action((options: DoctorOptions) => invoke((context) => doctor(context, options)));
}
