/** Gathers bytes into lines of bounded length. */
export interface LineSplitter {
  readonly push: (chunk: Buffer) => void;
}

const newline = 0x0a;

/**
 * Calls `onLine` for each complete line, without its line break, and `onOverflow` once for a line longer than `maxBytes`,
 * of which nothing is kept.
 */
export function createLineSplitter(
  maxBytes: number,
  onLine: (line: Buffer) => void,
  onOverflow: () => void,
): LineSplitter {
  let parts: Buffer[] = [];
  let length = 0;
  let skipping = false;

  function add(part: Buffer): void {
    if (skipping) return;
    length += part.length;
    if (length <= maxBytes) {
      parts.push(part);
      return;
    }
    parts = [];
    skipping = true;
    onOverflow();
  }

  function endLine(): void {
    const line = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    const complete = !skipping;
    parts = [];
    length = 0;
    skipping = false;
    if (complete) onLine(line);
  }

  return {
    push: (chunk) => {
      let start = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        add(chunk.subarray(start, end));
        endLine();
        start = end + 1;
      }
      if (start < chunk.length) add(chunk.subarray(start));
    },
  };
}
