import { CancelledError, ExecuteTimeoutError, isMxcpError } from '../errors.js';

/** A signal that aborts with the error that the call then fails with; `release` must be called when the call has ended. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Why the client's signal aborted: a transport that cancels for a reason of its own (it is closing) says which. */
function clientReason(client: AbortSignal | undefined): Error {
  const reason: unknown = client?.reason;
  return isMxcpError(reason) ? reason : new CancelledError('The client cancelled the call');
}

/** Aborts after `timeoutMs`, when the client's own signal aborts, or when the server stops, whichever comes first. */
export function startDeadline(
  timeoutMs: number,
  client: AbortSignal | undefined,
  stopping: AbortSignal,
): Deadline {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(clientReason(client));
  const stop = (): void => controller.abort(stopping.reason);
  const timer = setTimeout(
    () => controller.abort(new ExecuteTimeoutError(`The call passed its deadline of ${timeoutMs} ms`)),
    timeoutMs,
  );
  if (client?.aborted === true) cancel();
  else client?.addEventListener('abort', cancel, { once: true });
  if (stopping.aborted) stop();
  else stopping.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer);
      client?.removeEventListener('abort', cancel);
      stopping.removeEventListener('abort', stop);
    },
  };
}
