import { isIPv6 } from 'node:net';

/** What an address is counted as: IPv6 hands out networks of 2^64 addresses, so that a whole one counts as one. */
export function addressKey(ip: string | undefined): string {
  if (ip === undefined || !isIPv6(ip) || /^::ffff:/i.test(ip)) return ip ?? 'unknown';
  const [head = '', tail] = (ip.split('%', 1)[0] ?? '').split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
