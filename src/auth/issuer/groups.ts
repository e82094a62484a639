/** The kind of registered clients in the store. */
export const clientKind = 'oauth:Client';

/** What records of the authorization server are found and removed by. */
export const groupOf = {
  /** Everything that a grant gave: its tokens, codes, and itself. */
  grant: (grantId: string): string => `grant:${grantId}`,
  /** Grants, tokens and browser sessions of a person. */
  user: (userKey: string): string => `user:${userKey}`,
  /** A client's registration, and what everybody let it do: grants, tokens, remembered decisions. */
  client: (clientId: string): string => `client:${clientId}`,
  /** Remembered decisions of a person about a client. */
  remembered: (userKey: string, clientId: string): string =>
    `remembered:${JSON.stringify([userKey, clientId])}`,
  /** Registered clients that nobody has let in yet. */
  unusedClients: 'clients:unused',
} as const;
