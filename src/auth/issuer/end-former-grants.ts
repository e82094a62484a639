import type Library from 'oidc-provider';
import type { Grants } from './grants.js';

/**
 * Ends what a person had let a client do before, once the client has exchanged the code of what came after. Anybody's link can
 * have a code made of what is remembered; only the client can exchange it, and it does so for requests of its own alone.
 */
export function endFormerGrants(library: Library, grants: Grants): void {
  const exchanged = new WeakMap<object, string>();
  library.on('grant.success', (context) => {
    const id = context.oidc.entities.AuthorizationCode?.grantId;
    if (id !== undefined) exchanged.set(context, id);
  });
  library.use(async (context, next) => {
    await next();
    const id = exchanged.get(context);
    if (id !== undefined) await grants.endFormer(id);
  });
}
