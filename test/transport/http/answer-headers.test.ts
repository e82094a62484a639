import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedSite, serveSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';
import { legacy, modern, modernHeaders, post, toolCall } from './post.js';

let site: ServedSite;
beforeAll(async () => {
  site = await serveSite(siteFiles, { settings: { maxBodyBytes: 10_000 } });
});
afterAll(() => site.close());

const always = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};

const kinds: Record<string, () => Promise<{ status: number; headers: Headers }>> = {
  '200 direct': () => post(site.url, ...toolCall('modern', 'add', { a: 1 })),
  '200 direct stream': () => post(site.url, ...toolCall('legacy', 'add', { a: 1 })),
  '200 SDK': () => post(site.url, modern('tools/list'), modernHeaders('tools/list')),
  '200 SDK stream': () => post(site.url, legacy('tools/list')),
  '202': () => post(site.url, '{"jsonrpc":"2.0","method":"notifications/initialized"}'),
  '204': () => fetch(site.url, { method: 'OPTIONS' }),
  '400': () => post(site.url, '{'),
  '400 SDK': () => post(site.url, modern('tools/list')),
  '401': () => post(site.url, legacy('ping'), { authorization: 'Bearer x' }),
  '403': () => post(site.url, legacy('ping'), { origin: 'https://evil.example' }),
  '403 proxy': () => post(site.url, legacy('ping'), { via: '1.1 x' }),
  '404': () => fetch(new URL('/nothing', site.url)),
  '404 SDK': () => post(site.url, modern('no/such'), modernHeaders('no/such')),
  '405': () => fetch(site.url),
  '406': () => post(site.url, legacy('ping'), { accept: 'text/html' }),
  '413': () => post(site.url, 'x'.repeat(10_001)),
  '415': () => post(site.url, 'x', { 'content-type': 'text/plain' }),
  '200 healthz': () => fetch(new URL('/healthz', site.url)),
  '200 readyz': () => fetch(new URL('/readyz', site.url)),
};

describe('every answer carries the security headers, may not be stored, and names no software', () => {
  it.each(Object.entries(kinds))('%s', async (name, ask) => {
    const { status, headers } = await ask();
    expect(status).toBe(Number(name.slice(0, 3)));
    expect(Object.fromEntries(headers)).toMatchObject(always);
    expect(headers.get('permissions-policy')).not.toBeNull();
    expect(headers.get('cache-control')).toContain('no-store');
    expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull();
  });

  it.each([
    ['400', 'nonsense\r\n\r\n'],
    ['431', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`],
  ])('%s of what is no request', async (status, bytes) => {
    const { hostname, port } = new URL(site.url);
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(Number(port), hostname, () => socket.write(bytes));
      socket.setEncoding('utf8').on('data', (part: string) => (received += part));
      socket.on('close', () => resolve(received)).on('error', reject);
    });
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    for (const [name, value] of Object.entries(always)) expect(text).toContain(`${name}: ${value}`);
  });

  it('says HSTS only when the client came by https', async () => {
    expect((await post(site.url, legacy('ping'))).headers.get('strict-transport-security')).toBeNull();
  });
});
