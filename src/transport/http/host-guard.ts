import { isIP } from 'node:net';
import { isLoopbackHost } from '../../lib/loopback.js';
import { recentMap } from '../../lib/recent-map.js';
import type { HttpSettings } from '../../model/settings.js';

/** Host name of a `Host` header, lower-case, without port; undefined when it is no valid one. */
function hostnameOf(header: string): string | undefined {
  if (!/^[A-Za-z0-9._[\]:-]{1,255}$/.test(header)) return undefined;
  try {
    return new URL(`http://${header}`).hostname;
  } catch {
    return undefined;
  }
}

function originOf(text: string): string | undefined {
  try {
    const { origin } = new URL(text);
    return origin === 'null' ? undefined : origin;
  } catch {
    return undefined;
  }
}

function isLoopbackOrigin(origin: string): boolean {
  const url = new URL(origin);
  return (url.protocol === 'http:' || url.protocol === 'https:') && isLoopbackHost(url.hostname);
}

/** Decides by `Host` and `Origin` whether a browser was tricked into sending a request (DNS rebinding). */
export interface HostGuard {
  /** `hosts`: every value of the header; exactly one is allowed. */
  readonly allowsHost: (hosts: readonly string[]) => boolean;
  readonly allowsOrigin: (origin: string) => boolean;
}

/**
 * A rebinding attack needs a name that the attacker controls. So a `Host` is accepted when it is a configured name, the
 * name of `base_url`, `localhost`, or an address: on a server that only listens on loopback, a loopback address.
 */
export function createHostGuard(settings: HttpSettings): HostGuard {
  const base = settings.baseUrl === undefined ? undefined : new URL(settings.baseUrl);
  const local = isLoopbackHost(settings.host);
  const hosts = new Set(
    [...settings.allowedHosts, ...(base ? [base.hostname] : [])].map((h) => h.toLowerCase()),
  );
  const origins = new Set([
    ...settings.allowedOrigins.map((origin) => originOf(origin) ?? origin),
    ...(base ? [base.origin] : []),
  ]);
  const serves = (host: string): boolean => {
    const name = hostnameOf(host);
    if (name === undefined) return false;
    if (hosts.has(name) || hosts.has(host.toLowerCase()) || isLoopbackHost(name)) return true;
    return !local && isIP(name.replace(/^\[|\]$/g, '')) !== 0;
  };
  const served = recentMap<string, true>(64); // a client sends the same name with every request
  return {
    allowsHost: (values) => {
      const [host] = values;
      if (host === undefined || values.length > 1) return false;
      if (served.get(host) === true) return true;
      const allowed = serves(host);
      if (allowed) served.set(host, true);
      return allowed;
    },
    allowsOrigin: (header) => {
      if (origins.has('*')) return true;
      const origin = originOf(header);
      return origin !== undefined && (origins.has(origin) || isLoopbackOrigin(origin));
    },
  };
}
