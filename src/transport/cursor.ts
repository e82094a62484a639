/** Longest cursor that is looked at. */
const maxLength = 20_000;

/** An opaque cursor that continues after the item of this name. It names nothing that its owner has not already seen. */
export function encodeCursor(lastName: string): string {
  return Buffer.from(JSON.stringify([1, lastName]), 'utf8').toString('base64url');
}

/** The name in a cursor, or undefined when it is none of ours. Holds across restarts, reloads and replicas. */
export function decodeCursor(cursor: string): string | undefined {
  if (cursor.length > maxLength) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(parsed) || parsed.length !== 2 || parsed[0] !== 1) return undefined;
    return typeof parsed[1] === 'string' ? parsed[1] : undefined;
  } catch {
    return undefined;
  }
}
