import { describe, expect, it } from 'vitest';
import pc from 'picocolors';
import { recordRow } from '../../src/cli/log-text.js';

describe('who a row names', () => {
  it.each([
    [{ username: 'Anna', user_id: '7', user_key: 'local|anna', role: 'hr' }, 'Anna'],
    [{ user_id: '7', user_key: 'local|anna', role: 'hr' }, '7'],
    [{ user_key: 'local|anna', role: 'hr' }, 'local|anna'],
    [{ role: 'doctor' }, '(role doctor)'],
    [{ os_user: 'root' }, '(root on this machine)'],
    [{}, '-'],
  ])('of %j', (record, wanted) => {
    expect(recordRow(record, true, pc.createColors(false))[2]).toBe(wanted);
  });
});

describe('a row about a credential', () => {
  const row = (record: object) =>
    recordRow({ operation_type: 'auth', ...record }, true, pc.createColors(false));

  it('has the reason of a failure, and an id that mxcp log show takes', () => {
    const record = { operation_name: 'sign-in', operation_status: 'error', error: 'the provider said no' };
    const cells = row({ ...record, record_id: '0199' });
    expect(cells[3]).toMatchObject({ text: 'error: the provider said no' });
    expect(cells.at(-1)).toBe('0199');
  });

  it('has the status alone where there is no reason', () => {
    expect(row({ operation_name: 'sign-in', operation_status: 'success' })[3]).toBe('success');
  });
});
