/** Index of the quote that ends the string whose opening quote is at `start`; the text's length when none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === 0x5c) first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}

/**
 * Counts the members that a JSON text writes, duplicates included, and how deep it nests, without building anything: more
 * members than parsing keeps means that a key came twice. `marks`: commas and opening brackets, no fewer than values but
 * for one, and at most two for each. Linear in the text's length; says nothing about other errors.
 */
export function measureJson(text: string): {
  readonly members: number;
  readonly depth: number;
  readonly marks: number;
} {
  let members = 0;
  let marks = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) at = endOfString(text, at);
    else if (char === 0x3a) members += 1;
    else if (char === 0x2c) marks += 1;
    else if (char === 0x7b || char === 0x5b) {
      marks += 1;
      deepest = Math.max(deepest, ++depth);
    } else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
  return { members, depth: deepest, marks };
}

function unescaped(escape: string): string {
  return escape.length === 6 ? String.fromCharCode(parseInt(escape.slice(2), 16)) : escape.slice(1);
}

/**
 * The strings of a JSON text that are longer than `length` as written, without their escapes. Lenient, because parsers
 * differ in what they let pass: what is no JSON gives something, too.
 */
export function* longStrings(text: string, length: number): Generator<string> {
  for (let start = text.indexOf('"'); start !== -1;) {
    const end = endOfString(text, start);
    if (end - start > length)
      yield text.slice(start + 1, end).replaceAll(/\\(?:u[\dA-Fa-f]{4}|[^])/g, unescaped);
    start = text.indexOf('"', end + 1);
  }
}
