import type { Caller } from '../model/caller.js';
import type { Operation } from './operation.js';
import type { Runtime } from './runtime.js';

/**
 * The caller's own token at the identity provider that he signed in at, where its settings let bodies have it
 * (`expose_token`, spec page 06, "Providers"); undefined where they do not, where the body cannot read it, or where there is
 * none that works.
 */
export async function externalTokenOf(
  { auth, project }: Runtime,
  { key, provider, source }: Caller,
  { executor }: Operation,
): Promise<string | undefined> {
  if (!executor.readsCaller || auth === undefined || key === null || source !== 'verified') return undefined;
  const providers = project.auth.issuer?.providers ?? [];
  const exposed = providers.some(({ name, exposeToken }) => exposeToken && name === provider);
  return exposed ? auth.externalToken(key) : undefined;
}
