import { redacted } from '../audit/redacted.js';
import type { BodyHost } from '../execute/typescript/body-host.js';
import { stopReason, type StopSignal } from '../lib/stop-signal.js';
import type { Caller } from '../model/caller.js';
import type { CallTree } from './call-tree.js';
import type { ExecuteCall } from './executor.js';
import type { Runtime } from './runtime.js';

function untilStopped<T>(work: Promise<T>, signal: StopSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(stopReason(signal));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * What gives the caller's own token at the identity provider that he signed in at, where its settings let bodies have it
 * (`expose_token`, spec page 06, "Providers"); undefined where they do not. The provider may have to be asked for it, so it is
 * looked up when somebody asks, and once. It is undefined itself when there is none that works; rejects with the signal's
 * reason.
 */
export function externalTokenOf(
  { auth, project }: Runtime,
  { key, provider, source }: Caller,
  signal: StopSignal,
): (() => Promise<string | undefined>) | undefined {
  if (auth === undefined || key === null || source !== 'verified') return undefined;
  const providers = project.auth.issuer?.providers ?? [];
  if (!providers.some(({ name, exposeToken }) => exposeToken && name === provider)) return undefined;
  let found: Promise<string | undefined> | undefined;
  return () => (found ??= untilStopped(auth.externalToken(key), signal));
}

/** The token of one call of a body, or of what it calls. */
export interface CallToken {
  readonly find: () => Promise<string | undefined>;
  readonly hide: BodyHost['hide'];
}

/**
 * The caller's token as a call asks for it: remembered once it was given, so that `hide` finds it in what any body says that
 * runs with this call.
 */
export function tokenOfCall(
  { externalToken }: Pick<ExecuteCall, 'externalToken'>,
  { tokens }: Pick<CallTree, 'tokens'>,
): CallToken {
  return {
    find: async () => {
      const token = await externalToken?.();
      if (token) tokens.add(token);
      return token;
    },
    hide: (said) => (tokens.size === 0 ? said : withoutTexts(said, [...tokens])),
  };
}

function withoutTexts<T>(said: T, texts: readonly string[]): T {
  const clean = (text: string): string => texts.reduce((left, each) => left.replaceAll(each, redacted), text);
  const hidden = (_key: string, value: unknown): unknown => {
    if (typeof value === 'string') return clean(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [clean(key), each as unknown]));
  };
  return JSON.parse(JSON.stringify(said), hidden) as T;
}
