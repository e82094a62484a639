/** Longest redirect URI. */
const maxLength = 2_048;

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Schemes without a domain that MCP clients have for their own: Claude, Cursor, Raycast, VS Code, Warp, Windsurf. */
const clientSchemes = new Set(
  'claude cursor raycast vscode vscode-insiders warp windsurf'.split(' ').map((scheme) => `${scheme}:`),
);

/** A domain in reverse (RFC 8252, 7.1), which no scheme is that browsers and operating systems have for themselves. */
const ownDomain = /^(?!microsoft\.)[a-z]{2,63}(?:\.[a-z0-9-]+)+:$/;

/** Hosts that can stand in a header and on a page without being taken for something else. */
const plainHost = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

function reasonOf(url: URL, text: string): string | undefined {
  if (text.includes('#')) return 'must not have a fragment';
  if (url.username !== '' || url.password !== '' || /^[^/?]*:\/\/[^/?]*@/.test(text)) {
    return 'must not have a user name';
  }
  if (text.includes('*')) return 'must not have a wildcard: it is compared exactly';
  if (url.protocol === 'https:' || url.protocol === 'http:') {
    if (!plainHost.test(url.hostname)) return 'must have a plain host name';
    if (url.protocol === 'http:' && !loopbackHosts.has(url.hostname)) {
      return 'must be https, a loopback address, or the scheme of an application';
    }
    return undefined;
  }
  if (ownDomain.test(url.protocol) || clientSchemes.has(url.protocol)) return undefined;
  return 'must be https, a loopback address, or have a domain of the application in reverse as its scheme (com.example.app:/callback)';
}

/** Why a text cannot be a redirect URI (RFC 6749, 3.1.2; RFC 8252, 7); undefined when it can. */
export function wrongRedirectUri(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'must be text';
  if (text.length > maxLength) return `must have at most ${maxLength} characters`;
  if (!/^[\x21-\x7e]+$/.test(text) || /["'<>\\^`{|}]/.test(text)) {
    return 'must be printable ASCII, without spaces, quotes and backslashes';
  }
  return URL.canParse(text) ? reasonOf(new URL(text), text) : 'must be absolute';
}

/** `web`: a web page. `loopback`: a program on the user's machine. `app`: whatever registered the scheme there. */
export type RedirectKind = 'web' | 'loopback' | 'app';

/** What answers at a redirect URI that `wrongRedirectUri` has nothing against. */
export function redirectKind(uri: string): RedirectKind {
  const { protocol, hostname } = new URL(uri);
  if (protocol !== 'https:' && protocol !== 'http:') return 'app';
  return loopbackHosts.has(hostname) ? 'loopback' : 'web';
}

/** Where a redirect URI leads, as a person can judge it: host and port, or the scheme of an application. */
export function redirectHost(uri: string): string {
  const { protocol, host } = new URL(uri);
  return redirectKind(uri) === 'app' ? protocol : host;
}

/** The redirect URI's place as a source in a Content-Security-Policy, which cannot name an IPv6 address (CSP 3, 2.3.1). */
export function redirectSource(uri: string): string {
  const { protocol, origin, hostname } = new URL(uri);
  return redirectKind(uri) === 'app' || hostname.startsWith('[') ? protocol : origin;
}
