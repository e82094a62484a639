import type { MxcpError } from '../errors.js';
import type { Context, ExitCode } from './context.js';
import { printJson } from './output.js';
import { printable } from './printable.js';
import { printProblems } from './problems/print-problems.js';
import { problemJson } from './problems/problem-json.js';

/** What a terminal is told about a kind of failure: how the program ends, and what to do about it. */
interface Advice {
  readonly exit: ExitCode;
  readonly hint?: string;
}

function scopesHint(required: readonly string[]): string {
  const scopes = required.map((scope) => JSON.stringify(scope)).join(', ');
  return `Say in -u that the caller has them: "scopes": [${scopes}]; without "scopes" a caller holds all here`;
}

function adviceFor(error: MxcpError): Advice {
  switch (error.code) {
    case 'CONFIG_INVALID':
    case 'CONFIG_NOT_FOUND':
      return { exit: 3 };
    case 'USAGE_INVALID':
      return { exit: 2 };
    case 'CALL_UNKNOWN_ENDPOINT':
      return { exit: 1, hint: 'mxcp list shows what there is' };
    case 'CALL_ENDPOINT_INVALID':
      return { exit: 1, hint: 'mxcp validate shows what is wrong with it' };
    case 'POLICY_DENIED':
      return { exit: 1, hint: 'mxcp run … --explain shows every rule and what it did' };
    case 'EXECUTE_INVALID_RESULT':
      if (error.message === 'No results returned')
        return { exit: 1, hint: 'No row came. `nullable: true` in the return type makes that null' };
      return { exit: 1, hint: 'What the body gave does not fit its return type' };
    case 'EXECUTE_FAILED':
      return { exit: 1, hint: 'The body of the endpoint is at fault, not the call' };
    case 'EXECUTE_BODY_FAILED':
    case 'EXECUTE_WORKER_LOST':
      return { exit: 1, hint: 'The log has the error with the lines of the body' };
    case 'AUDIT_UNAVAILABLE':
      return { exit: 1, hint: 'Nothing runs that cannot be recorded: see audit.path in mxcp config' };
    case 'INTERNAL':
      return { exit: 1, hint: 'This is a bug of mxcp: --debug shows where' };
    case 'AUTH_INSUFFICIENT_SCOPE':
      return { exit: 1, hint: scopesHint(error.requiredScopes) };
    case 'AUTH_CREDENTIAL_REQUIRED':
    case 'AUTH_CREDENTIAL_INVALID':
    case 'AUTH_CREDENTIAL_AMBIGUOUS':
    case 'AUTH_UNAVAILABLE':
    case 'AUTH_SIGN_IN_FAILED':
    case 'AUTH_UPSTREAM_REFUSED':
    case 'AUTH_ORIGIN_REFUSED':
    case 'AUTH_ANONYMOUS_REFUSED':
    case 'CALL_INVALID_ARGUMENTS':
    case 'CALL_RATE_LIMITED':
    case 'CALL_OVERLOADED':
    case 'CALL_CANCELLED':
    case 'CALL_SHUTTING_DOWN':
    case 'EXECUTE_TIMEOUT':
    case 'EXECUTE_LIMIT_EXCEEDED':
    case 'EXECUTE_CONFLICT':
    case 'EXECUTE_COMMIT_FAILED':
    case 'EXECUTE_SQL_REFUSED':
    case 'EXECUTE_TOOL_ERROR':
    case 'ELICIT_UNAVAILABLE':
    case 'ELICIT_STATE_INVALID':
    case 'INPUT_REQUIRED':
    case 'EXECUTE_DATABASE_UNAVAILABLE':
    case 'AUDIT_QUERY_FAILED':
      return { exit: 1 };
  }
}

function issuesOf(error: MxcpError): readonly unknown[] {
  if (error.code === 'CONFIG_INVALID') return error.problems.map(problemJson);
  return error.code === 'CALL_INVALID_ARGUMENTS' ? error.issues : [];
}

function causes(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const rest = error.cause === undefined ? '' : `\ncaused by: ${causes(error.cause)}`;
  return `${error.stack ?? error.message}${rest}`;
}

/**
 * Says on the terminal, or as the JSON document of `--json`, that something failed and how, and gives the exit code.
 * `details` are further members of the document; `hintless`: the hint for this code does not fit here. Never shows causes,
 * because an engine's words can quote data.
 */
export function presentError(
  context: Context,
  error: MxcpError,
  details: object = {},
  hintless?: MxcpError['code'],
): ExitCode {
  const { exit, hint } = adviceFor(error);
  if (context.options.json) {
    const { code, message } = error;
    printJson(context, { status: 'error', error: message, code, issues: issuesOf(error), ...details });
  } else {
    if (error.code === 'CONFIG_INVALID') printProblems(context, error.problems);
    else printFailure(context, error, error.code === hintless ? undefined : hint);
  }
  return exit;
}

function printFailure(context: Context, error: MxcpError, hint: string | undefined): void {
  const { red, dim } = context.colors.stderr;
  const { stderr } = context.world;
  stderr.write(`${red('error')} ${printable(error.message)} ${dim(`[${error.code}]`)}\n`);
  if (hint !== undefined) stderr.write(`${dim(hint)}\n`);
}

/** As `presentError`, for an error that ended the program's own work: `--debug` adds where it came from, with causes. */
export function presentCrash(context: Context, error: MxcpError): ExitCode {
  const exit = presentError(context, error);
  if (context.options.debug) context.world.stderr.write(`${printable(causes(error))}\n`);
  return exit;
}
