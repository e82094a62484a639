import type { HttpSettings } from '../model/settings.js';

/** Where clients reach the server, without a slash at the end: `base_url`, else the address that it listens on. */
export function publicUrl({ baseUrl, tls, host, port }: HttpSettings): string {
  if (baseUrl !== undefined) return baseUrl.replace(/\/+$/, '');
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${tls === undefined ? 'http' : 'https'}://${bracketed}:${port}`;
}

/** Where the protected-resource metadata of the MCP endpoint is (RFC 9728, section 3.1: inserted before the path). */
export function resourceMetadataUrl(http: HttpSettings): string {
  const { origin, pathname } = new URL(`${publicUrl(http)}${http.path}`);
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
}
