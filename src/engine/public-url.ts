import type { AuthSettings } from '../model/auth-settings.js';
import type { Project } from '../model/project.js';
import type { HttpSettings } from '../model/settings.js';

/** Where clients reach the server, without a slash at the end: `base_url`, else the address that it listens on. */
export function publicUrl({ baseUrl, tls, host, port }: HttpSettings): string {
  if (baseUrl !== undefined) return baseUrl.replace(/\/+$/, '');
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${bracketed}:${port}`;
}

const takesAccessTokens = ({ issuer, verifiers }: AuthSettings): boolean =>
  issuer !== undefined || verifiers.length > 0;

/** The address to give to clients: those that sign in take no other than that which tokens are bound to (RFC 9728, 3.3). */
export function clientUrl({ auth, transport: { http } }: Project, listening: string): string {
  return takesAccessTokens(auth) ? `${publicUrl(http)}${http.path}` : listening;
}

/**
 * Where the protected-resource metadata of the MCP endpoint is (RFC 9728, section 3.1: inserted before the path); undefined
 * where no way in takes access tokens.
 */
export function resourceMetadataUrl({ auth, transport: { http } }: Project): string | undefined {
  if (!takesAccessTokens(auth)) return undefined;
  const { origin, pathname } = new URL(`${publicUrl(http)}${http.path}`);
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
}
