import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GateSite, send, serveGate } from './gate-site.js';

let site: GateSite;

beforeAll(async () => {
  site = await serveGate({
    rate: '{global: off, per_user: off}',
    duckdb: ', pool: 4, queue: 20, threads: 1',
    tool: `annotations: {readOnlyHint: true}, limits: {timeout: 3s}, return: {type: array},
      source: {code: "SELECT sum(a.range * b.range) AS s FROM range(100000000) a, range(100000000) b"}`,
  });
});

afterAll(() => site.close());

describe('somebody whose calls take for ever', () => {
  it('keeps nobody else from the database, and is told when too many of his calls wait', async () => {
    const heavy = await site.issuer.sign({ sub: 'heavy' });
    const light = await site.issuer.sign({ sub: 'light' });
    const probe = { name: 'probe', arguments: {} };
    const flood = Promise.all(
      Array.from({ length: 40 }, () => send(site.url, 'legacy', 'tools/call', probe, heavy)),
    );
    const times: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const start = performance.now();
      const { status } = await send(
        site.url,
        'legacy',
        'tools/call',
        { name: 'plain', arguments: {} },
        light,
      );
      expect(status).toBe(200);
      times.push(performance.now() - start);
    }
    const answers = await flood;
    const codes = answers.map(({ text }) => /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? 'success');
    expect(new Set(codes)).toEqual(new Set(['EXECUTE_TIMEOUT', 'CALL_OVERLOADED']));
    // A single call of his takes three seconds; behind one of them nobody would be done in two.
    expect(Math.max(...times)).toBeLessThan(2_000);
  }, 60_000);
});
