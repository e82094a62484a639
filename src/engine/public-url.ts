import type { Project } from '../model/project.js';
import type { HttpSettings } from '../model/settings.js';

/** Where clients reach the server, without a slash at the end: `base_url`, else the address that it listens on. */
export function publicUrl({ baseUrl, tls, host, port }: HttpSettings): string {
  if (baseUrl !== undefined) return baseUrl.replace(/\/+$/, '');
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${bracketed}:${port}`;
}

/**
 * Where the protected-resource metadata of the MCP endpoint is (RFC 9728, section 3.1: inserted before the path); undefined
 * where no way in takes access tokens.
 */
export function resourceMetadataUrl({ auth, transport: { http } }: Project): string | undefined {
  if (auth.issuer === undefined && auth.verifiers.length === 0) return undefined;
  const { origin, pathname } = new URL(`${publicUrl(http)}${http.path}`);
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
}
