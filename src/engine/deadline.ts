import { CancelledError, ExecuteTimeoutError, isMxcpError, toMxcpError } from '../errors.js';
import { StopSource, type StopSignal } from '../lib/stop-signal.js';

/** A signal that aborts with the error that the call then fails with; `release` must be called when the call has ended. */
export interface Deadline {
  readonly signal: StopSignal;
  readonly release: () => void;
  /** Stops the time while something is waited for that is not the call's; the function that is returned lets it go on. */
  readonly pause: () => () => void;
}

/** Why the client's signal aborted: a transport that cancels for a reason of its own (it is closing) says which. */
function clientReason(client: StopSignal | undefined): Error {
  const reason: unknown = client?.reason;
  return isMxcpError(reason) ? reason : new CancelledError('The client cancelled the call');
}

/** Aborts after `timeoutMs`, when the client's own signal aborts, or when the server stops, whichever comes first. */
export function startDeadline(
  timeoutMs: number,
  client: StopSignal | undefined,
  stopping: StopSignal,
): Deadline {
  const stopped = new StopSource();
  const cancel = (): void => stopped.abort(clientReason(client));
  const stop = (): void => stopped.abort(toMxcpError(stopping.reason));
  const expire = (): void =>
    stopped.abort(new ExecuteTimeoutError(`The call passed its deadline of ${timeoutMs} ms`));
  let left = timeoutMs;
  let since = performance.now();
  let pauses = 0;
  let timer = setTimeout(expire, left);
  const pause = (): (() => void) => {
    clearTimeout(timer);
    if (pauses === 0) left -= performance.now() - since;
    pauses += 1;
    return () => {
      pauses -= 1;
      if (pauses > 0 || released) return;
      since = performance.now();
      timer = setTimeout(expire, Math.max(0, left));
    };
  };
  let released = false;
  if (client?.aborted === true) cancel();
  else client?.addEventListener('abort', cancel, { once: true });
  if (stopping.aborted) stop();
  else stopping.addEventListener('abort', stop, { once: true });
  return {
    signal: stopped,
    pause,
    release: () => {
      released = true;
      clearTimeout(timer);
      client?.removeEventListener('abort', cancel);
      stopping.removeEventListener('abort', stop);
    },
  };
}
