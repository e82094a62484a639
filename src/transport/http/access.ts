import type { FastifyInstance } from 'fastify';

/**
 * Who may use a route. `caller`: whoever `admit` lets in. `public`: everybody, for it tells nothing about anybody. `oauth`:
 * the authorization server asks for what its protocol says, and pages for a session. `nobody`: it only refuses.
 */
export type Access = 'caller' | 'public' | 'oauth' | 'nobody';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Refuses every route that does not say who may use it, when it is added. */
export function requireAccess(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined)
      throw new Error(`The route ${String(method)} ${url} does not say who may use it`);
  });
}
