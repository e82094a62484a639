/** Bytes before each message: its length, unsigned, big-endian. */
const headerBytes = 4;

/** A frame says that it is longer than allowed: what sends it is not to be listened to any more. */
export class FrameTooLarge extends Error {}

/** One message as it travels between the server and a worker. */
export function encodeFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame.writeUInt32BE(length, 0);
  frame.write(text, headerBytes);
  return frame;
}

/**
 * Takes messages out of a stream of bytes. Keeps at most one unfinished message of `maxBytes()` bytes. `push` gives the
 * messages that are complete, and throws `FrameTooLarge`.
 */
export function createFrameReader(maxBytes: () => number): { readonly push: (chunk: Buffer) => string[] } {
  let parts: Buffer[] = [];
  let held = 0;
  let needed = headerBytes;
  const take = (): Buffer => {
    const whole = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    parts = [];
    held = 0;
    return whole;
  };
  const hold = (rest: Buffer): void => {
    if (rest.length > 0) parts.push(rest);
    held += rest.length;
  };
  return {
    push: (chunk) => {
      const texts: string[] = [];
      hold(chunk);
      while (held >= needed) {
        const bytes = take();
        const length = bytes.readUInt32BE(0);
        if (length > maxBytes()) throw new FrameTooLarge('A message from a worker is too large');
        const end = headerBytes + length;
        if (bytes.length < end) needed = end;
        else {
          texts.push(bytes.toString('utf8', headerBytes, end));
          needed = headerBytes;
        }
        hold(bytes.length < end ? bytes : bytes.subarray(end));
      }
      return texts;
    },
  };
}
