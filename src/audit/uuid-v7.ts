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

const counterEnd = 4096;

/**
 * Makes UUIDs of version 7 (RFC 9562, method 1 of section 6.2) from milliseconds since the Unix epoch: time, then a counter,
 * so that the ids of one maker sort in the order in which they were made, also when the clock goes back; the rest is random.
 */
export function createUuidV7(): (millis: number) => string {
  let last = 0;
  let counter = 0;
  return (millis) => {
    counter += 1;
    if (millis > last || counter === counterEnd) {
      last = Math.max(millis, last + 1);
      counter = 0;
    }
    const time = last.toString(16).padStart(12, '0');
    const order = counter.toString(16).padStart(3, '0');
    const random = randomHex(8);
    const variant = variants.charAt(Number.parseInt(random.charAt(0), 16) & 3);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-${variant}${random.slice(1, 4)}-${random.slice(4)}`;
  };
}
