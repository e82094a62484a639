import { CancelledError, isMxcpError, type MxcpError } from '../errors.js';

/** The part of an `AbortSignal` that calls listen to; every `AbortSignal` is one. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options: { readonly once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
  throwIfAborted(): void;
}

/** The error that an aborted call fails with: the signal's reason when it is one of ours. */
export function stopReason(signal: StopSignal): MxcpError {
  const reason: unknown = signal.reason;
  return isMxcpError(reason) ? reason : new CancelledError('The call was cancelled', { cause: reason });
}

/** Throws when the call was stopped. A stopped stream ends without an error of its own, so every step asks. */
export function throwIfStopped(signal: StopSignal): void {
  if (signal.aborted) throw stopReason(signal);
}

/**
 * A signal together with what aborts it, for things that every call makes: Node's own costs 5 µs and survives the collection
 * of young garbage. Each listener hears of the first abort, in the order of coming, and of no other.
 */
export class StopSource implements StopSignal {
  #reason: Error | undefined;
  #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): Error | undefined {
    return this.#reason;
  }

  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }

  throwIfAborted(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }
}
