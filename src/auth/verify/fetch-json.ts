import { AuthUnavailableError } from '../../errors.js';
import { fetchLimited } from '../fetch-limited.js';

const timeoutMs = 5_000;

/**
 * Asks an identity provider for a JSON document: no redirects, five seconds, one megabyte. Throws `AUTH_UNAVAILABLE`, which
 * names the host and never what was sent or answered.
 */
export async function fetchJson(url: string, init: RequestInit = {}): Promise<unknown> {
  try {
    const { status, text } = await fetchLimited(url, init, timeoutMs);
    if (status !== 200) throw new Error(`It answered ${status}`);
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AuthUnavailableError(`The identity provider at ${new URL(url).host} cannot be asked`, {
      cause,
    });
  }
}
