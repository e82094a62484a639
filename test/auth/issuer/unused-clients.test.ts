import { describe, expect, it } from 'vitest';
import { toDrop, type Unused } from '../../../src/auth/issuer/unused-clients.js';

const now = 1_000_000;
const later = now + 1;

/** Clients of one address; the first one is the oldest. */
function of(from: string, count: number, askedUntil?: number): Unused[] {
  const facts = askedUntil === undefined ? { from } : { from, askedUntil };
  return Array.from({ length: count }, (_, i) => ({ ...facts, at: i }));
}

describe('what gives way to a new client', () => {
  it('is the oldest one of the address that has most', () => {
    expect(toDrop([...of('a', 2), ...of('b', 3), ...of('c', 2)], now)).toEqual({ from: 'b', at: 0 });
  });

  it('is not what a person is asked about, as long as its address has others', () => {
    const clients = [...of('a', 29, later), { from: 'a', at: 99 }, ...of('b', 10)];
    expect(toDrop(clients, now)).toEqual({ from: 'a', at: 99 });
  });

  it('is what a person was asked about half an hour ago', () => {
    expect(toDrop([...of('a', 2, now), ...of('b', 1)], now)).toMatchObject({ from: 'a', at: 0 });
  });

  it('is, of an address with 21 that people are asked about, one of these before those of others', () => {
    expect(toDrop([...of('a', 21, later), ...of('b', 20)], now)).toMatchObject({ from: 'a', at: 0 });
  });

  it('is of another address where one has 20 that people are asked about', () => {
    expect(toDrop([...of('a', 20, later), ...of('b', 2)], now)).toEqual({ from: 'b', at: 0 });
  });

  it('is nothing where every address has few, and people are asked about all of them', () => {
    expect(toDrop([...of('a', 20, later), ...of('b', 20, later)], now)).toBeUndefined();
    expect(toDrop<Unused>([], now)).toBeUndefined();
  });
});
