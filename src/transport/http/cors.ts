/** Request headers of MCP, of authentication and of tracing that a browser may send. */
const allowedHeaders = [
  'accept',
  'authorization',
  'content-type',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'traceparent',
  'tracestate',
  'x-api-key',
];

const exposedHeaders =
  'mcp-protocol-version, retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset';

/** A parameter header of MCP (`x-mcp-header`). */
const parameterHeader = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Headers on an answer to an allowed origin. Credentials are never allowed: no cookie has a meaning here. */
export function corsHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders,
    vary: 'Origin',
  };
}

/** Further headers on the answer to a preflight that asks for the headers `requested`. */
export function preflightHeaders(requested: string | undefined): Record<string, string> {
  const parameters = (requested ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => parameterHeader.test(name));
  return {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': [...allowedHeaders, ...parameters].join(', '),
    'access-control-max-age': '3600',
  };
}
