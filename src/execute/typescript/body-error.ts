import {
  BodyFailedError,
  ExecuteLimitError,
  InternalError,
  InvalidResultError,
  ToolFailedError,
  WorkerLostError,
  type MxcpError,
} from '../../errors.js';
import type { BodyFailure } from './protocol.js';
import type { WorkerEnd } from './worker-link.js';

/** Longest message that a body can have shown to a caller. */
const maxMessage = 2000;

function asCause({ name, message, stack }: BodyFailure, why?: unknown): Error {
  const cause = new Error(message, why === undefined ? undefined : { cause: why });
  cause.name = name;
  cause.stack = stack === '' ? `${name}: ${message}` : stack;
  return cause;
}

/** The name of a class, when that is what it is. */
function className(name: string): string {
  return /^[A-Za-z_$][\w$]{0,60}$/.test(name) ? name : 'Error';
}

/** A refusal, with the author's line in its cause. That nobody can be asked is no fault of a line. */
function withPlace(refused: MxcpError, failure: BodyFailure): MxcpError {
  if (!asking.has(refused.code)) refused.cause = asCause(failure, refused.cause);
  return refused;
}

const asking: ReadonlySet<string> = new Set(['ELICIT_UNAVAILABLE', 'ELICIT_STATE_INVALID', 'INPUT_REQUIRED']);

/** The error of ours for what a body threw. `refused`: the refusal of a question, for a body that passed it on. */
export function bodyError(failure: BodyFailure, refused: MxcpError | undefined): MxcpError {
  switch (failure.kind) {
    case 'tool':
      return new ToolFailedError(failure.message.slice(0, maxMessage), { cause: asCause(failure) });
    case 'relayed':
      return withPlace(
        refused ?? new InternalError('A worker passed on a refusal that nobody gave'),
        failure,
      );
    case 'result':
      return new InvalidResultError(`The body's result is no JSON: ${failure.message.slice(0, 300)}`, '', {
        cause: asCause(failure),
      });
    case 'limit':
      return new ExecuteLimitError(
        'The result passes max_bytes; narrow the call or raise the limit',
        'max_bytes',
      );
    case 'error':
      return new BodyFailedError(`The body threw ${className(failure.name)}`, { cause: asCause(failure) });
  }
}

const words: Readonly<Record<WorkerEnd['reason'], string>> = {
  memory: 'The body needed more memory than a worker may have',
  exit: 'The body ended its worker',
  signal: 'The worker of the body was killed or crashed',
  uncaught: 'The body left an error that nothing caught',
  hostile: 'The body disturbed the line between its worker and the server',
  stopped: 'The worker was stopped',
};

/** The error of ours for a worker that ended under a call. */
export function lostError({ reason, detail, failure }: WorkerEnd): MxcpError {
  const cause = failure && asCause(failure);
  return new WorkerLostError(`${words[reason]} (${detail})`, reason, cause && { cause });
}
