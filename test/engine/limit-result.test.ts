import { expect, it } from 'vitest';
import { limitResult } from '../../src/engine/limit-result.js';
import { ExecuteTimeoutError } from '../../src/errors.js';
import type { Json } from '../../src/model/json.js';
import { noLimits } from '../execute/site.js';

it('has no end before what came earlier is taken, and none after a refusal', async () => {
  const { signal } = new AbortController();
  const bounds = { limits: { ...noLimits, maxRows: 3 }, keepRow: (item: Json) => item !== 0 };
  const limit = limitResult(bounds, signal);
  const earlier = limit.take([0, 1]);
  await expect(limit.end([2], false)).resolves.toEqual({ value: [1, 2], truncated: false });
  await expect(earlier).resolves.toBe(true);
  const refused = limit.take([3, 4]);
  const end = limit.end([], false);
  await expect(refused).rejects.toMatchObject({ limit: 'max_rows' });
  await expect(end).rejects.toMatchObject({ limit: 'max_rows' });
});

it('asks a rule that takes long for each item no more once the call is stopped', async () => {
  const stopped = new AbortController();
  let asked = 0;
  const keepRow = (): boolean => {
    const end = performance.now() + 5;
    while (performance.now() < end); // as a rule that looks through a long list
    asked += 1;
    return true;
  };
  const limit = limitResult({ limits: noLimits, keepRow }, stopped.signal);
  setTimeout(() => {
    stopped.abort(new ExecuteTimeoutError('too late'));
  });
  const items = Array.from({ length: 2000 }, () => ({}));
  await expect(limit.take(items)).rejects.toMatchObject({ code: 'EXECUTE_TIMEOUT' });
  expect(asked).toBeLessThan(2000);
});
