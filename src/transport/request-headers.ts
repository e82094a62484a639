/** Headers that carry, or may carry, a credential or a session: they never reach a rule, a body or a record. */
const credentialName =
  /authorization|cookie|token|secret|password|credential|api-?key|session|client-?cert|ssl-client|signature|jwt|assertion|oidc-data|dpop/;

/** All headers of a request as they came, lower-case names, the values of a repeated header in order. */
export type RawHeaders = Readonly<Record<string, readonly string[]>>;

/** Groups Node's flat `rawHeaders`. Null prototype, because header names are the caller's. */
export function groupHeaders(flat: readonly string[]): RawHeaders {
  const grouped = Object.create(null) as Record<string, string[]>;
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] ?? '').toLowerCase();
    (grouped[name] ??= []).push(flat[i + 1] ?? '');
  }
  return grouped;
}

/** The headers that rules and bodies may see: credentials absent, repeated values joined by `, ` (RFC 9110, 5.3). */
export function visibleHeaders(raw: RawHeaders): Readonly<Record<string, string>> {
  const visible = Object.create(null) as Record<string, string>;
  for (const [name, values] of Object.entries(raw)) {
    if (!credentialName.test(name)) visible[name] = values.join(', ');
  }
  return visible;
}

const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** The trace id of a W3C `traceparent` value, or undefined when it is invalid. */
export function traceIdOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.startsWith('ff')) return undefined;
  const id = traceparent.exec(value)?.[1];
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}
