/** What stands in a record where a sensitive value was. */
export const redacted = '[REDACTED]';
