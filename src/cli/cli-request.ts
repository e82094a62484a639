import { randomUUID } from 'node:crypto';
import { UsageError } from '../errors.js';
import { nowMicros } from '../lib/now-micros.js';
import type { RequestContext } from '../model/call.js';
import { groupHeaders, visibleHeaders } from '../transport/request-headers.js';
import { parseObjectOption } from './parse-json-option.js';

/** The headers of `--request-headers` (JSON or `@file`) as rules see them: lower-case names, credentials absent. */
export function parseRequestHeaders(value: string | undefined, cwd: string): RequestContext['headers'] {
  if (value === undefined) return {};
  const stated = parseObjectOption(value, '--request-headers', cwd);
  return requestHeaders(
    Object.entries(stated).map(([name, text]) => {
      if (typeof text !== 'string') throw new UsageError(`--request-headers: ${name} must be a string`);
      return [name, text] as const;
    }),
  );
}

/** Headers that an operator or a test states, treated like those of a request over HTTP. */
export function requestHeaders(
  headers: readonly (readonly [name: string, value: string])[],
): RequestContext['headers'] {
  return visibleHeaders(groupHeaders(headers.flat()));
}

/** The context of one call from the command line. */
export function cliRequest(headers: RequestContext['headers']): RequestContext {
  return {
    transport: 'cli',
    id: randomUUID(),
    time: nowMicros(),
    headers,
  };
}
