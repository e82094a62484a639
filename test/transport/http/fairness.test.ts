import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GateSite, send, serveGate } from './gate-site.js';
import { legacy } from './post.js';

let site: GateSite;

beforeAll(async () => {
  site = await serveGate({
    rate: '{global: off, per_user: off}',
    duckdb: ', pool: 4, queue: 20, threads: 1',
    tool: `annotations: {readOnlyHint: true}, limits: {timeout: 120s}, return: {type: array},
      source: {code: "SELECT sum(a.range * b.range) AS s FROM range(1000000000) a, range(1000000000) b"}`,
  });
});

afterAll(() => site.close());

/** The text of the answer; `hung up` when the signal ended it. */
function probe(token: string, signal: AbortSignal): Promise<string> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    authorization: `Bearer ${token}`,
  };
  const body = legacy('tools/call', { name: 'probe', arguments: {} });
  return fetch(site.url, { method: 'POST', headers, body, signal })
    .then((response) => response.text())
    .catch(() => 'hung up');
}

describe('somebody whose calls take for ever', () => {
  it('keeps nobody else from the database, and is told when too many of his calls wait', async () => {
    const heavy = await site.issuer.sign({ sub: 'heavy' });
    const light = await site.issuer.sign({ sub: 'light' });
    const hangUp = new AbortController();
    // Of four connections he gets three; of 24 calls that can run or wait, six of his wait; the others are refused at once.
    const refused: string[] = [];
    const flood = Array.from({ length: 40 }, () =>
      probe(heavy, hangUp.signal).then((text) => {
        if (text !== 'hung up') refused.push(/"code":"([A-Z_]+)"/.exec(text)?.[1] ?? text);
      }),
    );
    await vi.waitFor(() => expect(site.runtime.running()).toBe(3 + 6), 20_000);
    for (let index = 0; index < 20; index += 1) {
      const plain = { name: 'plain', arguments: {} };
      const answer = await send(site.url, 'legacy', 'tools/call', plain, light);
      expect(answer.text).toContain('plain');
    }
    expect(site.runtime.running()).toBe(3 + 6);
    hangUp.abort();
    await Promise.all(flood);
    expect(refused).toEqual(Array.from({ length: 40 - 3 - 6 }, () => 'CALL_OVERLOADED'));
  }, 60_000);
});
