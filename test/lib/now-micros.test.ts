import { afterEach, expect, it, vi } from 'vitest';
import { nowMicros } from '../../src/lib/now-micros.js';

const hour = 3_600_000;

/** How far from the system's clock, in milliseconds. */
function distance(): number {
  return Math.abs(nowMicros() / 1000 - Date.now());
}

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ['forward, as after a sleep', hour],
  ['back', -hour],
])('follows the system clock when it is set %s', (_, step) => {
  expect(distance()).toBeLessThan(1000);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + step });
  expect(distance()).toBeLessThan(1000);
});

it('counts in whole microseconds, and never back', () => {
  const times = Array.from({ length: 1000 }, nowMicros);
  expect(times).toEqual([...times].sort((left, right) => left - right));
  expect(new Set(times).size).toBeGreaterThan(1);
  expect(times.every(Number.isSafeInteger)).toBe(true);
});
