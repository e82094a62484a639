import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

const variants = '89ab';

/** A UUID of version 7 (RFC 9562): its first 48 bits are the time in milliseconds, the rest is random. */
export function uuidV7(millis: number): string {
  const time = millis.toString(16).padStart(12, '0');
  const random = randomHex(10);
  const variant = variants.charAt(Number.parseInt(random.charAt(3), 16) & 3);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
