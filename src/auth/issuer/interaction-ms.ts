/** How long an authorization request waits for a person, milliseconds. */
export const interactionMs = 30 * 60_000;
