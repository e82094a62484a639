/** Longest answer that is read, bytes. */
const maxBytes = 1_048_576;

/** What a server answered, read in full. */
export interface FetchedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function readBounded(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > maxBytes) {
      await reader?.cancel();
      throw new Error('The answer is too large');
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * `fetch` for servers that the operator trusts with credentials: one megabyte, `timeoutMs` for the whole answer, and no
 * redirect is followed (its status is the answer's), so that credentials go nowhere else. Throws what `fetch` throws, and for
 * an answer that is too large or too slow.
 */
export async function fetchLimited(
  url: string,
  init: RequestInit,
  timeoutMs: number,
): Promise<FetchedAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { status, headers, body } = await fetch(url, { ...init, redirect: 'manual', signal });
  return { status, headers, text: await readBounded(body) };
}
