import { randomBytes } from 'node:crypto';
import type { HttpAnswer } from '../../../model/call.js';
import type { CallFacts } from '../protocol.js';
import type { CallScope } from './call-scope.js';

let fetches = 0;

/** Answers with these have no body (Fetch, "null body status"). */
const emptyStatuses: ReadonlySet<number> = new Set([204, 205, 304]);

/** The answer that a test has for a request; without one the request fails, as it would without a network. */
function answered({ method, url }: Request, answers: readonly HttpAnswer[]): Response {
  const answer = answers.find(
    (each) => each.method === method && URL.canParse(each.url) && new URL(each.url).href === url,
  );
  if (answer === undefined) {
    const remedy = `Add {url: ${url}, method: ${method}, response: …} to \`http\` of the test`;
    throw new TypeError(
      `A test reaches no network, and this one has no answer for ${method} ${url}. ${remedy}`,
    );
  }
  const { status, response } = answer;
  if (emptyStatuses.has(status)) return new Response(null, { status });
  return typeof response === 'string'
    ? new Response(response, { status })
    : Response.json(response, { status });
}

/** `fetch` for one call: aborted with it, continuing its trace, and on record by method and place, without the query. */
export function createFetch(scope: CallScope, { traceId, http }: CallFacts): typeof fetch {
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
      const response = http === undefined ? await fetch(request) : answered(request, http);
      ended(response.status);
      return response;
    } catch (error) {
      ended(0);
      throw error;
    }
  };
}
