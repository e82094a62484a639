import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchLimited } from '../../src/auth/fetch-limited.js';

const answers: Record<string, (response: ServerResponse) => void> = {
  '/fine': (response) => response.end('fine'),
  '/silent': () => undefined,
  '/drip': (response) => response.write('{'),
  '/huge': (response) => response.end('x'.repeat(1_048_577)),
  '/largest': (response) => response.end('x'.repeat(1_048_576)),
  '/away': (response) => response.writeHead(302, { location: '/fine' }).end(),
};

describe('a limited fetch', () => {
  const server = createServer((request, response) => answers[request.url ?? '']?.(response));
  let root = '';
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('reads an answer of up to a megabyte', async () => {
    expect((await fetchLimited(`${root}/fine`, {}, 5_000)).text).toBe('fine');
    expect((await fetchLimited(`${root}/largest`, {}, 5_000)).text).toHaveLength(1_048_576);
  });

  it.each(['/silent', '/drip', '/huge'])('gives up on %s', async (path) => {
    await expect(fetchLimited(root + path, {}, path === '/huge' ? 5_000 : 100)).rejects.toThrow();
  });

  it('follows no redirect', async () => {
    expect((await fetchLimited(`${root}/away`, {}, 5_000)).status).toBe(302);
  });
});
