/** Index of the quote that ends the string whose opening quote is at `start`; expects valid JSON. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === 0x5c) first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}

/** Members that a JSON text writes, duplicates included, and how deep it nests. */
function measure(text: string): { readonly members: number; readonly depth: number } {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) at = endOfString(text, at);
    else if (char === 0x3a) members += 1;
    else if (char === 0x7b || char === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
  return { members, depth: deepest };
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const children: unknown[] = Object.values(value);
  const own = Array.isArray(value) ? 0 : children.length;
  return children.reduce<number>((sum, child) => sum + countMembers(child), own);
}

/** The value of an argument that came as JSON text, or why it has none. */
export type ParsedText =
  { readonly value: unknown } | { readonly fault: 'syntax' | 'duplicate key' | 'too deep' };

/** Parses JSON text with at most `maxDepth` levels and without duplicate keys at any depth (spec page 03, "Arguments"). */
export function parseJsonText(text: string, maxDepth: number): ParsedText {
  const { members, depth } = measure(text);
  if (depth > maxDepth) return { fault: 'too deep' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'syntax' };
  }
  return countMembers(value) === members ? { value } : { fault: 'duplicate key' };
}
