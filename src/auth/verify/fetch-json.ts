import { AuthUnavailableError } from '../../errors.js';

/** Longest answer that is read, bytes. */
const maxBytes = 1_048_576;
const timeoutMs = 5_000;

async function readBounded(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > maxBytes) throw new Error('The answer is too large');
    chunks.push(part.value);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Asks an identity provider for a JSON document: no redirects, five seconds, one megabyte. Throws `AUTH_UNAVAILABLE`, which
 * names the host and never what was sent or answered.
 */
export async function fetchJson(url: string, init: RequestInit = {}): Promise<unknown> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { ...init, redirect: 'error', signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`It answered ${response.status}`);
    }
    return JSON.parse(await readBounded(response.body)) as unknown;
  } catch (cause) {
    throw new AuthUnavailableError(`The identity provider at ${new URL(url).host} cannot be asked`, {
      cause,
    });
  }
}
