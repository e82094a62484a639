/** More than two clocks that are read after each other differ by. Milliseconds. */
const slack = 10;

/** What `performance.now()` lacks to the milliseconds since the Unix epoch. */
let origin = performance.timeOrigin;

/**
 * Now, in microseconds since the Unix epoch. `performance.now()` alone tells microseconds, and does not notice when the
 * system's clock is set or the machine sleeps: this follows.
 */
export function nowMicros(): number {
  const behind = Date.now() - (origin + performance.now());
  if (Math.abs(behind) > slack) origin += behind;
  return Math.floor((origin + performance.now()) * 1000);
}
