function encode(text: string): string {
  return new URLSearchParams({ _: text }).toString().slice(2);
}

/** The Authorization header of a client (RFC 6749, 2.3.1): both parts are form-encoded before they are joined. */
export function basicAuthorization(client: {
  readonly clientId: string;
  readonly clientSecret: string;
}): string {
  const both = `${encode(client.clientId)}:${encode(client.clientSecret)}`;
  return `Basic ${Buffer.from(both).toString('base64')}`;
}
