import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { requireAccess } from '../../../src/transport/http/access.js';
import { createApp } from '../../../src/transport/http/create-app.js';
import { createDrain } from '../../../src/transport/http/drain.js';
import { createSdkBridge } from '../../../src/transport/http/sdk-bridge.js';
import { type GateOptions, type GateSite, serveGate } from './gate-site.js';
import { legacy, post } from './post.js';

let site: GateSite | undefined;

async function serve(options: GateOptions = {}): Promise<GateSite> {
  return (site = await serveGate(options));
}

async function close(): Promise<void> {
  await site?.close();
  site = undefined;
}

afterEach(close);

const changing = [
  'date',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'www-authenticate',
];

describe('the headers of refusals', () => {
  it('are these, with sign-in as without', async () => {
    const { url, issuer } = await serve({
      rate: '{per_user: {rate: 1/min, burst: 1}}',
      http: { settings: { maxBodyBytes: 10_000 } },
    });
    const authorization = `Bearer ${await issuer.sign()}`;
    const call = legacy('tools/call', { name: 'plain', arguments: {} });
    await post(url, call, { authorization });
    const answers = {
      401: await post(url, legacy('ping')),
      403: await post(url, legacy('ping'), { origin: 'https://evil.example' }),
      404: await fetch(new URL('/nothing', url)),
      413: await post(url, 'x'.repeat(10_001), { authorization }),
      429: await post(url, call, { authorization }),
      'oauth 404': await fetch(new URL('/oauth', url)),
      metadata: await fetch(new URL('/.well-known/oauth-protected-resource', url)),
    };
    const shown = Object.entries(answers).map(([name, { status, headers }]) => [
      `${name}: ${status}`,
      Object.fromEntries([...headers].filter(([header]) => !changing.includes(header))),
    ]);
    expect(Object.fromEntries(shown)).toMatchSnapshot();
  });
});

it('documents that caches may share differ by origin, also where none was sent', async () => {
  const { url } = await serve();
  const document = new URL('/.well-known/oauth-protected-resource', url);
  const { headers } = await fetch(document);
  expect([headers.get('cache-control'), headers.get('vary')]).toEqual(['public, max-age=300', 'Origin']);
  const asked = await fetch(document, { headers: { origin: 'http://localhost:6274' } });
  expect(asked.headers.get('vary')).toBe('Origin');
  expect(asked.headers.get('access-control-allow-origin')).toBe('http://localhost:6274');
});

describe('Strict-Transport-Security', () => {
  const trusted = { trustProxy: ['127.0.0.1'], allowedHosts: ['mcp.example.com'] };
  const overHttps = { 'x-forwarded-proto': 'https' };
  const headerOf = async (settings: object, headers: Record<string, string>): Promise<string | null> => {
    const { url } = await serve({ open: true, authorization: '{}', http: { settings } });
    const { headers: answered } = await post(url, legacy('ping'), headers);
    await close();
    return answered.get('strict-transport-security');
  };

  it('is for one year and all below, when a trusted proxy says https', async () => {
    expect(await headerOf(trusted, overHttps)).toBe('max-age=31536000; includeSubDomains');
    expect(await headerOf({ ...trusted, hstsPreload: true }, overHttps)).toBe(
      'max-age=31536000; includeSubDomains; preload',
    );
  });

  it('is absent over http, when switched off, and when a stranger says https', async () => {
    expect(await headerOf(trusted, {})).toBeNull();
    expect(await headerOf({ ...trusted, hsts: false }, overHttps)).toBeNull();
    expect(await headerOf({ trustProxy: [] }, overHttps)).toBeNull();
    expect(await headerOf({ trustProxy: ['10.0.0.1'] }, overHttps)).toBeNull();
  });
});

describe('forwarding headers', () => {
  it('of strangers change neither the address on record nor any URL', async () => {
    const { url, records } = await serve();
    const forged = {
      'x-forwarded-for': '9.9.9.9',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'for=9.9.9.9;host=evil.example',
      'x-real-ip': '9.9.9.9',
    };
    const { status, headers } = await post(url, legacy('ping'), forged);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).not.toContain('evil');
    const document = await fetch(new URL('/.well-known/oauth-protected-resource', url), { headers: forged });
    expect(await document.text()).not.toContain('evil');
    expect(records().at(-1)).toMatchObject({ ip: '127.0.0.1' });
  });

  it('of a trusted proxy give the address, but never the host', async () => {
    const { url, records } = await serve({ http: { settings: { trustProxy: ['127.0.0.1'] } } });
    const forged = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-host': 'evil.example' };
    const { headers } = await post(url, legacy('ping'), forged);
    expect(headers.get('www-authenticate')).not.toContain('evil');
    expect(records().at(-1)).toMatchObject({ ip: '203.0.113.9' });
  });

  it('of a trusted proxy count behind any number of headers of the client', async () => {
    const { url, records } = await serve({ http: { settings: { trustProxy: ['127.0.0.1'] } } });
    const junk = Array.from({ length: 2_000 }, () => ['a', '']).flat();
    const sent = request(url, {
      method: 'POST',
      headers: [...junk, 'Host', new URL(url).host, 'X-Forwarded-For', '203.0.113.9'],
    });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(401);
    expect(records().at(-1)).toMatchObject({ ip: '203.0.113.9' });
  });
});

it('a request with an expectation that nobody knows is answered like any other', async () => {
  const { url } = await serve();
  const sent = request(url, { method: 'POST', headers: { expect: 'the-unexpected' } });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(401);
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
});

describe('cross-origin requests', () => {
  const ask = async (url: string, origin: string): Promise<[number, string | null]> => {
    const { status, headers } = await post(url, legacy('ping'), { origin });
    const asked = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const preflight = await fetch(url, { method: 'OPTIONS', headers: asked });
    const allow = headers.get('access-control-allow-origin');
    expect(preflight.headers.get('access-control-allow-origin')).toBe(allow);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    return [status, allow];
  };

  it('are for loopback pages, and those that the operator lists exactly', async () => {
    const local = await serve();
    expect(await ask(local.url, 'http://localhost:6274')).toEqual([401, 'http://localhost:6274']);
    expect(await ask(local.url, 'https://app.example.com')).toEqual([403, null]);
    await close();
    const { url } = await serve({ http: { settings: { allowedOrigins: ['https://app.example.com'] } } });
    expect(await ask(url, 'https://app.example.com')).toEqual([401, 'https://app.example.com']);
    for (const other of [
      'https://app.example.com.evil.example',
      'http://app.example.com',
      'https://app.example.com:8443',
      'https://evil-app.example.com',
      'null',
    ])
      expect([other, ...(await ask(url, other))]).toEqual([other, 403, null]);
  });

  it('are for every page when the operator wrote that, without credentials', async () => {
    const { url } = await serve({ http: { settings: { allowedOrigins: ['*'] } } });
    expect(await ask(url, 'https://anything.example')).toEqual([401, 'https://anything.example']);
  });
});

describe('a refused Host or Origin', () => {
  it('is on record before it is answered, singly up to a rate', async () => {
    const { url, records } = await serve();
    for (let index = 0; index < 70; index += 1)
      await post(url, legacy('ping'), { origin: 'https://evil.example' });
    const refused = records().filter(({ error_code }) => error_code === 'AUTH_ORIGIN_REFUSED');
    expect(refused.length).toBe(60);
    expect(refused[0]).toMatchObject({
      operation_type: 'auth',
      ip: '127.0.0.1',
      error: 'This Origin may not call',
    });
    expect(JSON.stringify(refused)).not.toContain('evil.example');
  });
});

interface Raw {
  readonly status: number | undefined;
  readonly headers: readonly string[];
}

/** Sends to the path as it is, which fetch would tidy up. */
function raw(url: string, method: string, path: string, body?: string): Promise<Raw> {
  const { hostname, port } = new URL(url);
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      const { statusCode: status, rawHeaders } = response;
      response.resume().on('end', () => resolve({ status, headers: rawHeaders }));
    });
    sent.on('error', reject).end(body);
  });
}

describe('bytes that would end a header', () => {
  it('never reach an answer', async () => {
    const { url } = await serve();
    for (const path of [
      '/mcp?tags=%0d%0aset-cookie:x=1',
      '/oauth/callback/x%0d%0aset-cookie:x=1',
      '/%0d%0aset-cookie:y',
    ])
      for (const method of ['GET', 'POST']) {
        const { headers } = await raw(url, method, path);
        expect(headers.map((header) => header.toLowerCase())).not.toContain('set-cookie');
      }
  });
});

describe('every route', () => {
  it('says who may use it: one that does not is not added', async () => {
    const { runtime, logger } = await serve();
    const settings = runtime.project.transport.http;
    const parts = { runtime: () => runtime, settings, logger, drain: createDrain(), direct: true };
    const app = createApp({ ...parts, bridge: createSdkBridge(logger) });
    await app.ready(); // every route of the program passed the check
    expect(app.hasRoute({ method: 'POST', url: settings.path })).toBe(true);
    await app.close();
    const bare = fastify();
    requireAccess(bare);
    expect(() => bare.get('/forgotten', () => 'x')).toThrow('/forgotten does not say who may use it');
    await bare.close();
  });

  it('of MCP asks for a credential whatever the message and the form of the path', async () => {
    const { url } = await serve();
    for (const method of [
      'initialize',
      'ping',
      'tools/list',
      'tools/call',
      'resources/read',
      'server/discover',
      'no/such',
    ])
      expect([method, (await post(url, legacy(method))).status]).toEqual([method, 401]);
    for (const path of [
      '/mcp/',
      '/MCP',
      '//mcp',
      '/mcp;x',
      '/mcp/..',
      '/%6dcp',
      '/mcp%2f',
      '/x/../mcp',
      '/mcp?',
    ]) {
      const { status } = await raw(url, 'POST', path, legacy('tools/list'));
      expect([path, status]).toEqual([path, expect.toBeOneOf([400, 401, 404, 405])]);
    }
  });
});
