/** A place in a file of the site. `file` is relative to the site root (absolute outside of it); line and column start at 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with a project. An `error` keeps the project from being served. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Stable kebab-case name of the kind of problem, for machines (`unknown-key`, `sql-does-not-prepare`). */
  readonly rule: string;
  /** What is wrong and why. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
  readonly origin: Origin;
  /** The offending line and a caret line below it, where the text is at hand. */
  readonly excerpt?: string;
  /** `kind/name` of the endpoint that the problem belongs to; absent for the site itself. */
  readonly endpoint?: string;
}

/**
 * Base of every failure that the program knows. `message` is for the operator: it names what, where and why, and never
 * contains a secret or a value of the data. What a remote caller or a terminal sees is decided by the two presenters
 * (`transport/present-error.ts`, `cli/present-error.ts`), each an exhaustive switch over `code`.
 */
abstract class BaseError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The base of the class that has this code. */
function withCode<C extends string>(
  code: C,
): abstract new (message: string, options?: ErrorOptions) => BaseError & { readonly code: C } {
  abstract class Coded extends BaseError {
    readonly code = code;
  }
  return Coded;
}

/** The project or its configuration is wrong; carries every problem that was found. */
export class ConfigInvalidError extends withCode('CONFIG_INVALID') {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    const errors = problems.filter((p) => p.severity === 'error').length;
    super(`The project has ${errors} ${errors === 1 ? 'error' : 'errors'}`, options);
    this.problems = problems;
  }
}

/** There is no site here. */
export class ConfigNotFoundError extends withCode('CONFIG_NOT_FOUND') {}

/** The command line was used wrongly. */
export class UsageError extends withCode('USAGE_INVALID') {}

/** A credential is needed and none came. */
export class CredentialRequiredError extends withCode('AUTH_CREDENTIAL_REQUIRED') {
  /** What the server takes. */
  readonly ways: readonly WayIn[];

  constructor(message: string, ways: readonly WayIn[] = [], options?: ErrorOptions) {
    super(message, options);
    this.ways = ways;
  }
}

/** How a request can say who sends it; with `sign-in`, clients get the token by themselves. */
export type WayIn = 'token' | 'sign-in' | 'key' | 'certificate';

/** A credential came and is not valid, or nothing here recognises it. */
export class CredentialInvalidError extends withCode('AUTH_CREDENTIAL_INVALID') {}

/** More than one credential in a request, one given twice, or one in the URL. */
export class CredentialAmbiguousError extends withCode('AUTH_CREDENTIAL_AMBIGUOUS') {}

/** A credential cannot be checked now: what knows about it cannot be reached. It may be valid. */
export class AuthUnavailableError extends withCode('AUTH_UNAVAILABLE') {}

/** A sign-in at an identity provider came back with something that is not valid. `message` may be shown to the person. */
export class SignInFailedError extends withCode('AUTH_SIGN_IN_FAILED') {}

/**
 * The identity provider, or the operator's lists of organisations, teams and domains, do not let this person in (any more).
 * `message` may be shown to the person.
 */
export class UpstreamRefusedError extends withCode('AUTH_UPSTREAM_REFUSED') {}

/** A request whose `Host` or `Origin` says that a foreign web page may have caused it. */
export class OriginRefusedError extends withCode('AUTH_ORIGIN_REFUSED') {}

/** An open server refuses this request: it is not from this machine, or it came through a proxy. */
export class AnonymousRefusedError extends withCode('AUTH_ANONYMOUS_REFUSED') {}

/** The caller lacks scopes that the call needs. */
export class InsufficientScopeError extends withCode('AUTH_INSUFFICIENT_SCOPE') {
  readonly requiredScopes: readonly string[];

  constructor(message: string, requiredScopes: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.requiredScopes = requiredScopes;
  }
}

/** No endpoint of this kind and name exists for this caller. */
export class UnknownEndpointError extends withCode('CALL_UNKNOWN_ENDPOINT') {}

/** The endpoint was left out by `--ignore-errors`. */
export class EndpointInvalidError extends withCode('CALL_ENDPOINT_INVALID') {}

/** One thing that is wrong with an argument; `path` like `filters.since`, `` for the whole. */
export interface ArgumentIssue {
  readonly path: string;
  readonly message: string;
}

/** Arguments do not fit the declared parameters; carries every issue. */
export class InvalidArgumentsError extends withCode('CALL_INVALID_ARGUMENTS') {
  readonly issues: readonly ArgumentIssue[];

  constructor(issues: readonly ArgumentIssue[], options?: ErrorOptions) {
    super(issues.map((issue) => issue.message).join('\n'), options);
    this.issues = issues;
  }
}

/** How much of a limit is left; integers, in tokens and seconds. */
interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** A rate limit was hit. */
export class RateLimitedError extends withCode('CALL_RATE_LIMITED') {
  /** Whole seconds, at least one. */
  readonly retryAfterSeconds: number;
  readonly rate: RateLimit | undefined;

  constructor(message: string, retryAfterSeconds: number, rate?: RateLimit) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.rate = rate;
  }
}

/** Too many calls are waiting, or too many of this endpoint are running. */
export class OverloadedError extends withCode('CALL_OVERLOADED') {}

/** The client cancelled the call or went away. */
export class CancelledError extends withCode('CALL_CANCELLED') {}

/** The server is stopping. */
export class ShuttingDownError extends withCode('CALL_SHUTTING_DOWN') {}

/** A rule denied the call, or could not be evaluated. `message` is the reason that the author wrote. */
export class PolicyDeniedError extends withCode('POLICY_DENIED') {
  readonly rule: string;
  readonly stage: 'input' | 'output';

  constructor(message: string, rule: string, stage: 'input' | 'output', options?: ErrorOptions) {
    super(message, options);
    this.rule = rule;
    this.stage = stage;
  }
}

/** The body failed. `message` has the engine's words with every quoted value replaced; `cause` has the original. */
export class ExecuteFailedError extends withCode('EXECUTE_FAILED') {}

/** The call passed its deadline. */
export class ExecuteTimeoutError extends withCode('EXECUTE_TIMEOUT') {}

/** The result passed a limit of rows or bytes. `limit` is the setting's name. */
export class ExecuteLimitError extends withCode('EXECUTE_LIMIT_EXCEEDED') {
  readonly limit: 'max_rows' | 'max_bytes' | 'max_scan_rows';

  constructor(message: string, limit: 'max_rows' | 'max_bytes' | 'max_scan_rows', options?: ErrorOptions) {
    super(message, options);
    this.limit = limit;
  }
}

/**
 * The result does not fit the declared return type: the site's bug. `message` has the value's shape, never its content;
 * `path` is in terms of declared properties.
 */
export class InvalidResultError extends withCode('EXECUTE_INVALID_RESULT') {
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** Two calls wrote the same rows at once, and repeating did not help or was not allowed. */
export class ExecuteConflictError extends withCode('EXECUTE_CONFLICT') {}

/** The result was ready, and COMMIT failed: nothing was written. */
export class ExecuteCommitError extends withCode('EXECUTE_COMMIT_FAILED') {}

/** A statement was refused by the SQL tools' rules. The message says which construct, and what is allowed. */
export class SqlRefusedError extends withCode('EXECUTE_SQL_REFUSED') {}

/** A TypeScript body threw. `cause` has the author's own error and lines; nothing of it is shown to a caller. */
export class BodyFailedError extends withCode('EXECUTE_BODY_FAILED') {}

/** A TypeScript body threw a `ToolError`. `message` is the author's, for the caller, unless it was held back. */
export class ToolFailedError extends withCode('EXECUTE_TOOL_ERROR') {}

/** The worker of a TypeScript body ended under the call; `reason` says how. */
export class WorkerLostError extends withCode('EXECUTE_WORKER_LOST') {
  readonly reason: 'memory' | 'exit' | 'signal' | 'uncaught' | 'hostile' | 'stopped';

  constructor(message: string, reason: WorkerLostError['reason'], options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** A body asks the human, and this client or transport has no way to ask (spec page 08, "Elicitation"). */
export class ElicitUnavailableError extends withCode('ELICIT_UNAVAILABLE') {}

/** A state that came back with answers is not one of this call: forged, altered, foreign, expired or used. */
export class ElicitStateError extends withCode('ELICIT_STATE_INVALID') {}

/** The call ends here with a question; its client repeats it with the answer and `state` (spec page 08, "Elicitation"). */
export class InputRequiredError extends withCode('INPUT_REQUIRED') {
  readonly question: { readonly key: string; readonly schema: object; readonly message: string };
  readonly state: string;

  constructor(question: InputRequiredError['question'], state: string) {
    super('The call needs an answer of the human behind the client');
    this.question = question;
    this.state = state;
  }
}

/** The database cannot be opened or set up. */
export class DatabaseUnavailableError extends withCode('EXECUTE_DATABASE_UNAVAILABLE') {}

/** The call cannot be recorded, so it does not happen. */
export class AuditUnavailableError extends withCode('AUDIT_UNAVAILABLE') {}

/** The log cannot be read, or a filter of `mxcp log` is wrong. */
export class AuditQueryError extends withCode('AUDIT_QUERY_FAILED') {}

/** A bug of ours, or an error that nothing expected. */
export class InternalError extends withCode('INTERNAL') {}

/** Every failure. `switch (error.code)` over it is exhaustive. */
export type MxcpError =
  | ConfigInvalidError
  | ConfigNotFoundError
  | UsageError
  | CredentialRequiredError
  | CredentialInvalidError
  | CredentialAmbiguousError
  | AuthUnavailableError
  | SignInFailedError
  | UpstreamRefusedError
  | OriginRefusedError
  | AnonymousRefusedError
  | InsufficientScopeError
  | UnknownEndpointError
  | EndpointInvalidError
  | InvalidArgumentsError
  | RateLimitedError
  | OverloadedError
  | CancelledError
  | ShuttingDownError
  | PolicyDeniedError
  | ExecuteFailedError
  | ExecuteTimeoutError
  | ExecuteLimitError
  | InvalidResultError
  | ExecuteConflictError
  | ExecuteCommitError
  | SqlRefusedError
  | BodyFailedError
  | ToolFailedError
  | WorkerLostError
  | ElicitUnavailableError
  | ElicitStateError
  | InputRequiredError
  | DatabaseUnavailableError
  | AuditUnavailableError
  | AuditQueryError
  | InternalError;

export type ErrorCode = MxcpError['code'];

/** True for errors of the closed union. */
export function isMxcpError(error: unknown): error is MxcpError {
  return error instanceof BaseError;
}

/** The error itself when it is one of ours, else an `InternalError` around it. */
export function toMxcpError(error: unknown): MxcpError {
  if (isMxcpError(error)) return error;
  return new InternalError('Unexpected error', { cause: error });
}
