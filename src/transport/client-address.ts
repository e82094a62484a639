/** An address as some proxies write it: with a port, IPv6 in brackets. */
const written = /^"?(?:\[([^\]]+)\]|(\d+(?:\.\d+){3}))(?::\d+)?"?$/;

/**
 * The client's address, after trusted proxies, without the port that some of them write behind it: it differs on every
 * connection, so that limits would count each as somebody else, and rules would know nobody.
 */
export function clientAddress({ ip }: { readonly ip: string }): string {
  const [, ipv6, ipv4] = written.exec(ip) ?? [];
  return ipv6 ?? ipv4 ?? ip;
}
