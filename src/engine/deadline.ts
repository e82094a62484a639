import { CancelledError, ExecuteTimeoutError } from '../errors.js';

/** A signal that aborts with the error that the call then fails with; `release` must be called when the call has ended. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Aborts after `timeoutMs`, when the client's own signal aborts, or when the server stops, whichever comes first. */
export function startDeadline(
  timeoutMs: number,
  client: AbortSignal | undefined,
  stopping: AbortSignal,
): Deadline {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(new CancelledError('The client cancelled the call'));
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
