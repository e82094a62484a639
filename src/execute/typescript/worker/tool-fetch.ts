import { randomBytes } from 'node:crypto';
import type { CallScope } from './call-scope.js';

let fetches = 0;

/** `fetch` for one call: aborted with it, continuing its trace, and on record by method and place, without the query. */
export function createFetch(scope: CallScope, traceId: string | null): typeof fetch {
  return async (input, init) => {
    const asked = new Request(input, init);
    const headers = new Headers(asked.headers);
    if (traceId !== null && !headers.has('traceparent')) {
      headers.set('traceparent', `00-${traceId}-${randomBytes(8).toString('hex')}-01`);
    }
    const request = new Request(asked, { headers, signal: AbortSignal.any([scope.signal, asked.signal]) });
    const { origin, pathname } = new URL(request.url);
    fetches += 1;
    const id = fetches;
    scope.tell('fetch', { id, method: request.method, url: `${origin}${pathname}` });
    const started = performance.now();
    const ended = (status: number): void =>
      scope.tell('fetched', { id, status, duration_ms: Math.round(performance.now() - started) });
    try {
      const response = await fetch(request);
      ended(response.status);
      return response;
    } catch (error) {
      ended(0);
      throw error;
    }
  };
}
