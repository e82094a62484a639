import type { Problem } from '../errors.js';
import { isLoopbackHost } from '../lib/loopback.js';
import type { AuthSettings } from '../model/auth-settings.js';
import type { TransportSettings } from '../model/settings.js';
import { variable } from './expand.js';
import { at, originOf, stringOf } from './field.js';
import { problem } from './problems.js';
import type { SettingsContext } from './settings-context.js';

/**
 * The address by which clients reach the server: it must be a URL, and a server that others can reach must know its own when
 * authentication is on, because what it publishes and the audience that it checks come from there (spec page 06).
 */
export function checkBaseUrl(
  { env, site, user, profile }: SettingsContext,
  { provider, http }: TransportSettings,
  auth: AuthSettings,
): readonly Problem[] {
  const stated = at(user, 'transport', 'http', 'base_url') ?? at(profile, 'transport', 'http', 'base_url');
  const isVariable = (variable(env, 'MXCP_BASE_URL') ?? '') !== '';
  const origin = isVariable
    ? { file: 'environment variable MXCP_BASE_URL', line: 1, column: 1 }
    : originOf(stated ?? at(user, 'transport', 'http') ?? at(profile, 'transport', 'http') ?? site);
  const found = (rule: string, message: string, remedy: string, severity: Problem['severity'] = 'error') => [
    problem(origin, { rule, message, remedy, severity }),
  ];
  const isReached = provider === 'streamable-http' && !auth.open;
  if (http.baseUrl === undefined) {
    if (isReached && http.port === 0 && publishesItself(auth)) {
      const message =
        'Nobody knows the address of port 0 before the server listens, and sign-in publishes it';
      return found('missing-base-url', message, 'Choose a port, or set transport.http.base_url.');
    }
    if (!isReached || isLoopbackHost(http.host)) return [];
    const message = `Others can reach ${http.host}, and authentication needs to know the address that they use`;
    return found('missing-base-url', message, 'Set transport.http.base_url, or MXCP_BASE_URL: https://…');
  }
  const url = parse(http.baseUrl);
  if (url === undefined) {
    if (!isVariable && !/^https?:\/\//.test(stringOf(stated) ?? '')) return []; // what the schema says of it
    const message = '`base_url` must be a URL with http or https, without user name, query and fragment';
    return found('wrong-value', message, 'Write it like https://mcp.example.com');
  }
  if (!isReached || url.protocol === 'https:' || isLoopbackHost(url.hostname)) return [];
  const message = 'Clients send tokens to `base_url` in clear';
  return found('insecure-url', message, 'Use https: tls here, or a proxy in front.', 'warning');
}

/** Clients find out from the server's own metadata where they get tokens, and for what. */
function publishesItself({ issuer, verifiers }: AuthSettings): boolean {
  return issuer !== undefined || verifiers.length > 0;
}

function parse(text: string): URL | undefined {
  try {
    const url = new URL(text);
    const isBare = url.username === '' && url.password === '' && !/[?#]/.test(text);
    return isBare && /^https?:$/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}
