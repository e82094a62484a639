import { AuthUnavailableError, UpstreamRefusedError } from '../../errors.js';
import { fetchLimited } from '../fetch-limited.js';

const timeoutMs = 10_000;

/** A JSON answer of a provider. `body` is undefined where there was no JSON. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The provider gives no usable answer: the message names its host only. */
export function unavailable(url: string, cause?: unknown): AuthUnavailableError {
  const { host } = new URL(url);
  return new AuthUnavailableError(`The identity provider at ${host} gives no usable answer`, { cause });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Asks a provider for JSON. No redirect is followed. Every status below 500 but 429 comes back; the rest, and no answer
 * within ten seconds and one megabyte, is `AUTH_UNAVAILABLE`.
 */
export async function askUpstream(url: string, init: RequestInit = {}): Promise<UpstreamAnswer> {
  let answer;
  try {
    answer = await fetchLimited(url, init, timeoutMs);
  } catch (cause) {
    throw unavailable(url, cause);
  }
  const { status, headers, text } = answer;
  if (status === 429 || status >= 500) throw unavailable(url, `It answered ${status}`);
  return { status, headers, body: parse(text) };
}

/** Asks an API of a provider as the person. A token that is not taken any more is `AUTH_UPSTREAM_REFUSED`. */
export async function askAs(
  accessToken: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<UpstreamAnswer> {
  const authorization = `Bearer ${accessToken}`;
  const answer = await askUpstream(url, {
    headers: { accept: 'application/json', ...headers, authorization },
  });
  if (answer.status !== 401) return answer;
  throw new UpstreamRefusedError('The identity provider does not take the token any more: sign in again');
}
