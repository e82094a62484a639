import { describe, expect, it } from 'vitest';
import pc from 'picocolors';
import { recordRow } from '../../src/cli/log-text.js';

describe('who a row names', () => {
  it.each([
    [{ username: 'Anna', user_id: '7', user_key: 'local|anna', role: 'hr' }, 'Anna'],
    [{ user_id: '7', user_key: 'local|anna', role: 'hr' }, '7'],
    [{ user_key: 'local|anna', role: 'hr' }, 'local|anna'],
    [{ role: 'doctor' }, '(role doctor)'],
    [{}, '-'],
  ])('of %j', (record, wanted) => {
    expect(recordRow(record, true, pc.createColors(false))[2]).toBe(wanted);
  });
});
