import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { connect } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeAuthority, makeCertificate, readPair } from './certificates.js';
import { type GateSite, serveGate } from './gate-site.js';
import { legacy } from './post.js';

const folder = mkdtempSync(join(tmpdir(), 'mxcp-tls-'));
const authority = makeAuthority(folder, 'authority');
const stranger = makeAuthority(folder, 'stranger');
const first = makeCertificate(folder, authority, 'first', '/CN=first');
const second = makeCertificate(folder, authority, 'second', '/CN=second');
const ada = makeCertificate(folder, authority, 'ada', '/O=Example, Inc./CN=ada,OU=boss');
const mallory = makeCertificate(folder, stranger, 'mallory', '/O=Example, Inc./CN=ada,OU=boss');
const live = { cert: join(folder, 'live.pem'), key: join(folder, 'live.key') };

let site: GateSite;

beforeAll(async () => {
  copyFileSync(first.cert, live.cert);
  copyFileSync(first.key, live.key);
  const tls = `{cert: ${live.cert}, key: ${live.key}, ca: ${authority.cert}, request_cert: true}`;
  site = await serveGate({
    profile: `transport: {http: {tls: ${tls}}}`,
    tool: `source: {code: "SELECT get_user_id() AS who, get_username() AS name"}`,
  });
});

afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function ask(
  options: RequestOptions = {},
  body = legacy('tools/call', { name: 'probe', arguments: {} }),
): Promise<Reply> {
  const { hostname, port, pathname } = new URL(site.url);
  const { ca = readPair(authority).cert, headers = {}, ...rest } = options;
  const all = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    ...(headers as Record<string, string>),
  };
  return new Promise((resolve, reject) => {
    const to = { hostname, port, path: pathname, method: 'POST', headers: all, ca, agent: false as const };
    const sent = request({ ...to, ...rest }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject).end(body);
  });
}

function shownName(): Promise<string> {
  const { hostname, port } = new URL(site.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: readPair(authority).cert }, () => {
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      resolve(String(subject.CN));
    });
    socket.on('error', reject);
  });
}

describe('a server with TLS', () => {
  it('answers https only, and says so for a year', async () => {
    expect(site.url).toMatch(/^https:/);
    const { status, headers } = await ask();
    expect(status).toBe(401);
    expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    await expect(fetch(site.url.replace('https', 'http'))).rejects.toThrow();
  });

  it('refuses versions of TLS before 1.2', async () => {
    await expect(ask({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
  });

  it('takes a new certificate without a restart, and keeps the former one while the files do not fit', async () => {
    expect(await shownName()).toBe('first');
    writeFileSync(live.cert, 'torn');
    await vi.waitFor(() => expect(site.logger.lines.join()).toContain('the former ones stay'), 10_000);
    expect(await shownName()).toBe('first');
    copyFileSync(second.cert, live.cert);
    copyFileSync(second.key, live.key);
    await vi.waitFor(async () => expect(await shownName()).toBe('second'), {
      timeout: 10_000,
      interval: 100,
    });
  }, 30_000);
});

describe('a client certificate', () => {
  it('says who is calling, by its subject, in which no value looks like another attribute', async () => {
    const before = site.records().length;
    const { status, text } = await ask(readPair(ada));
    expect(status).toBe(200);
    expect(text).toContain('O=Example\\\\\\\\, Inc.,CN=ada\\\\\\\\,OU\\\\\\\\=boss');
    expect(site.records()[before]).toMatchObject({
      provider: 'mtls',
      identity_source: 'verified',
      user_key: 'mtls|O=Example\\, Inc.,CN=ada\\,OU\\=boss',
    });
  });

  it('of an authority that is not ours is refused and on record, whatever it says', async () => {
    const before = site.records().length;
    const { status, text } = await ask(readPair(mallory));
    expect([status, text]).toEqual([401, expect.stringContaining('The credential is not valid')]);
    expect(site.records()[before]).toMatchObject({ error_code: 'AUTH_CREDENTIAL_INVALID' });
  });

  it('is a credential: with a token beside it there are two', async () => {
    const authorization = `Bearer ${await site.issuer.sign()}`;
    expect((await ask({ ...readPair(ada), headers: { authorization } })).status).toBe(400);
    expect((await ask({ headers: { authorization } })).status).toBe(200);
  });

  it('gives the scopes that its roles allow and no others', async () => {
    const { text } = await ask(readPair(ada), legacy('tools/list'));
    expect(text).toContain('"staff"');
    expect(text).not.toContain('"salary"');
  });
});
