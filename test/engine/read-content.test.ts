import { describe, expect, it } from 'vitest';
import { readBlock } from '../../src/engine/read-content.js';

function image(data: string): unknown {
  return readBlock({ type: 'image', data, mimeType: 'image/png' });
}

describe('the data of a block', () => {
  it.each(['', 'AAAA', 'AB==', 'ABC=', 'ABCD+/8='])('is base64: %j', (data) => {
    expect(image(data)).toEqual({ type: 'image', data, mimeType: 'image/png' });
  });

  it.each(['A', 'AB', 'ABC', 'A===', '====', '==', 'AB=C', 'AAAA=', 'AB C', 'AB-_', 'AAAA\n', 'ÄAAA'])(
    'is not anything else: %j',
    (data) => {
      expect(() => image(data)).toThrow(expect.objectContaining({ code: 'EXECUTE_INVALID_RESULT' }) as Error);
    },
  );

  it('may be as large as limits let it', () => {
    const data = 'ABCD'.repeat(4 * 1024 * 1024);
    expect(image(data)).toEqual({ type: 'image', data, mimeType: 'image/png' });
  });
});
