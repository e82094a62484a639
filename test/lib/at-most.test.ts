import { expect, it } from 'vitest';
import { atMost } from '../../src/lib/at-most.js';

const endless = new Promise(() => undefined);

it('waits for work until it ends, and no longer than it may', async () => {
  await expect(atMost(60_000, Promise.resolve())).resolves.toBeUndefined();
  await expect(atMost(1, endless)).resolves.toBeUndefined();
});

it('rejects when the work does in time', async () => {
  await expect(atMost(60_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});
