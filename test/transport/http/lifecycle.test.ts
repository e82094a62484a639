import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../src/errors.js';
import { openSite, type ServedSite, serveSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';
import { serveHttp } from '../../../src/transport/serve-http.js';
import { modern, modernHeaders, post, toolCall } from './post.js';

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const site of open.splice(0)) await site.close();
});

async function served(options: Parameters<typeof serveSite>[1] = {}): Promise<ServedSite> {
  const site = await serveSite(siteFiles, options);
  open.push(site);
  return site;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('It did not come true in time');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const statusOf = async (url: string, path: string): Promise<number> =>
  (await fetch(new URL(path, url))).status;

describe('a served site', () => {
  it('is alive and ready, and not ready while its log cannot be written or it stops', async () => {
    const { url, runtime, server } = await serveSite(siteFiles);
    expect(await statusOf(url, '/healthz')).toBe(200);
    expect(await statusOf(url, '/readyz')).toBe(200);
    await runtime.close();
    expect(await statusOf(url, '/readyz')).toBe(503);
    expect(await statusOf(url, '/healthz')).toBe(200);
    await server.close(0);
  });

  it.each([
    ['modern', true],
    ['legacy', true],
    ['modern', false],
    ['legacy', false],
  ] as const)('cancels a %s call whose client went away (direct path: %s)', async (era, direct) => {
    const { url, runtime, records } = await served({ direct });
    const [body, headers] = toolCall(era, 'slow');
    const controller = new AbortController();
    const sent = fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body,
      signal: controller.signal,
    });
    await until(() => runtime.running() === 1);
    const start = performance.now();
    controller.abort();
    await expect(sent.then((response) => response.text())).rejects.toThrow();
    await until(() => runtime.running() === 0);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(JSON.stringify(records())).toContain('CALL_CANCELLED');
  });

  it('cancels every call of a client that sent several on one connection and went away, and waits for none', async () => {
    const site = await served();
    const { hostname, port } = new URL(site.url);
    const [body, headers] = toolCall('modern', 'slow');
    const lines = Object.entries({
      host: 'localhost',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
    const socket = connect(Number(port), hostname, () => socket.write(request.repeat(3)));
    await until(() => site.runtime.running() === 3);
    socket.destroy();
    await until(() => site.runtime.running() === 0);
    const start = performance.now();
    await site.server.close(20_000);
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  it('refuses new calls and is not ready while it drains, and cancels what runs longer than the grace', async () => {
    const site = await served();
    const running = post(site.url, ...toolCall('modern', 'slow'));
    await until(() => site.runtime.running() === 1);
    const closing = site.server.close(300);
    const refused = await post(site.url, ...toolCall('modern', 'add', { a: 1 }));
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('CALL_SHUTTING_DOWN');
    expect(await statusOf(site.url, '/readyz')).toBe(503);
    expect((await running).text).toContain('CALL_SHUTTING_DOWN');
    await closing;
    await expect(fetch(site.url)).rejects.toThrow();
    expect(site.runtime.running()).toBe(0);
  });

  it('does not wait for streams that never end by themselves', async () => {
    const site = await served();
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const listening = await fetch(site.url, {
      method: 'POST',
      headers: { ...headers, ...modernHeaders('subscriptions/listen') },
      body: modern('subscriptions/listen', { notifications: {} }),
    });
    expect(listening.status).toBe(200);
    const start = performance.now();
    await site.server.close(20_000);
    expect(performance.now() - start).toBeLessThan(5_000);
    await listening.text().catch(() => undefined);
  });

  it('hangs up on clients that do not finish their request', async () => {
    const { url } = await served({ timeouts: { headers: 100, request: 200, check: 50 } });
    const { hostname, port } = new URL(url);
    const answerTo = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let received = '';
        const socket = connect(Number(port), hostname, () => socket.write(text));
        socket.setEncoding('utf8').on('data', (part: string) => (received += part));
        socket.on('close', () => resolve(received)).on('error', reject);
      });
    const head = 'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
    expect(await answerTo(head)).toMatch(/^HTTP\/1.1 408/);
    expect(await answerTo(`${head}content-length: 100\r\n\r\n{"json`)).toMatch(/^HTTP\/1.1 408/);
  });

  it('takes no more connections than it was told', async () => {
    const { url } = await served({ settings: { maxConnections: 2 } });
    const { hostname, port } = new URL(url);
    const sockets = Array.from({ length: 5 }, () => connect(Number(port), hostname));
    const closed = await Promise.all(
      sockets
        .slice(2)
        .map((socket) => new Promise((resolve) => socket.resume().on('close', resolve).on('error', resolve))),
    );
    expect(closed).toHaveLength(3);
    for (const socket of sockets) socket.destroy();
  });

  it('does not open to others than this machine unless it was told to', async () => {
    const site = await openSite(siteFiles);
    open.push(site);
    const settings = { ...site.runtime.project.transport.http, port: 0, host: '0.0.0.0' };
    const serving = serveHttp({ runtime: () => site.runtime, settings, logger: site.logger });
    await expect(serving).rejects.toThrow(ConfigInvalidError);
  });

  it('continues the trace of its caller', async () => {
    const { url, records } = await served();
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const [body, headers] = toolCall('modern', 'add', { a: 1 });
    await post(url, body, { ...headers, traceparent: `00-${trace}-00f067aa0ba902b7-01` });
    expect(JSON.stringify(records())).toContain(trace);
  });
});
