import { askUpstream, unavailable } from './ask-upstream.js';
import { toRequest, type Client } from './token-request.js';

/** Where a provider takes tokens back (RFC 7009). */
export interface RevocationEndpoint {
  readonly url: string;
  readonly credentials: 'header' | 'body';
}

/** Revokes a token, and with a refresh token all that came of it (RFC 7009, 2.1). Rejects with `AUTH_UNAVAILABLE`. */
export async function revokeToken(
  { url, credentials }: RevocationEndpoint,
  client: Client,
  token: string,
): Promise<void> {
  const { status } = await askUpstream(
    url,
    toRequest({ url, format: 'form', credentials }, client, { token }),
  );
  if (status !== 200) throw unavailable(url, `It answered ${status}`);
}
