import { expect, it } from 'vitest';
import { tokenOfCall } from '../../src/engine/external-token.js';

it('a token that a call was given is hidden in whatever its body says, names of fields too', async () => {
  const tokens = new Set<string>();
  const { find, hide } = tokenOfCall({ externalToken: () => Promise.resolve('tok-1') }, { tokens });
  const said = { message: 'it is tok-1', data: [{ 'by tok-1': { 'tok-1': 1 }, 'tok-1!': null }] };
  expect(hide(said)).toEqual(said);
  await find();
  expect(hide(said)).toEqual({
    message: 'it is [REDACTED]',
    data: [{ 'by [REDACTED]': { '[REDACTED]': 1 }, '[REDACTED]!': null }],
  });
});
