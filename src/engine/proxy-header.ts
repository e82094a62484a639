const names = new Set(['forwarded', 'via', 'x-real-ip']);

/** True for a header, by its lower-case name, that says that a request came through a proxy. */
export function isProxyHeader(name: string): boolean {
  return names.has(name) || name.startsWith('x-forwarded-');
}
