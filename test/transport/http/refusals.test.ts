import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServedSite, serveSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';
import { legacy, modern, modernHeaders, post, toolCall } from './post.js';

let site: ServedSite;
beforeAll(async () => {
  site = await serveSite(siteFiles, { settings: { maxBodyBytes: 100_000 } });
});
afterAll(() => site.close());

function errorOf(answer: Awaited<ReturnType<typeof post>>): {
  code: number;
  message: string;
  data?: unknown;
} {
  return answer.messages[0]?.['error'] as { code: number; message: string };
}

/** What fetch does not let a test send: any method, any Host. */
function raw(
  method: string,
  headers: Record<string, string>,
): Promise<{ status: number; allow: string | undefined; text: string }> {
  const { hostname, port, pathname } = new URL(site.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: pathname, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, allow: response.headers.allow, text }),
      );
    });
    sent.on('error', reject).end();
  });
}

describe('a message that cannot be trusted is refused before dispatch', () => {
  it.each(['gzip', 'br', 'identity, gzip'])('a body in the encoding %s', async (encoding) => {
    const answer = await post(site.url, legacy('ping'), { 'content-encoding': encoding });
    expect(answer.status).toBe(415);
    expect(errorOf(answer).message).toBe('Content-Encoding is not supported');
    expect((await post(site.url, legacy('ping'), { 'content-encoding': 'identity' })).status).toBe(200);
  });

  it.each([
    ['no JSON', '{', 400, -32700],
    ['nothing', '', 400, -32700],
    ['invalid UTF-8', Buffer.from('{"jsonrpc":"2.0\xff"}', 'latin1'), 400, -32700],
    ['a byte order mark', `\uFEFF${toolCall('modern', 'add')[0]}`, 400, -32700],
    ['a duplicate key at the top', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 400, -32600],
    [
      'a duplicate key in the arguments',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"a":2}}}',
      400,
      -32600,
    ],
    [
      'a duplicate key in a batch',
      '[{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":{"y":1,"y":2}}}]',
      400,
      -32600,
    ],
    [
      '__proto__',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"__proto__":{"a":1}}}}',
      400,
      -32600,
    ],
    [
      'deep nesting',
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(100)}${']'.repeat(100)}}}`,
      400,
      -32600,
    ],
    [
      'a lone surrogate',
      String.raw`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"scalar","arguments":{"text":"\ud800"}}}`,
      400,
      -32700,
    ],
    ['no message', '"hello"', 400, -32600],
    ['an empty batch', '[]', 400, -32600],
    ['51 messages', `[${Array.from({ length: 51 }, (_, i) => legacy('ping', {}, i)).join()}]`, 400, -32600],
    ['one id twice in a batch', `[${legacy('ping')},${legacy('ping')}]`, 400, -32600],
  ])('%s', async (_name, body, status, code) => {
    const before = site.records().length;
    const answer = await post(site.url, body);
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
    expect(site.records()).toHaveLength(before);
  });

  it('a body that is too large, announced or not', async () => {
    expect((await post(site.url, 'x'.repeat(100_001))).status).toBe(413);
    const stream = new ReadableStream({
      start: (controller) => {
        for (let i = 0; i < 200; i++) controller.enqueue(new Uint8Array(1_000).fill(0x20));
        controller.close();
      },
    });
    const response = await fetch(site.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
  });

  it('a body of another type', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'text/plain; a=application/json',
    ]) {
      expect((await post(site.url, legacy('ping'), { 'content-type': type })).status).toBe(415);
    }
  });

  it('a batch of a revision that has none', async () => {
    const batch = `[${legacy('ping')}]`;
    expect((await post(site.url, batch, { 'mcp-protocol-version': '2025-06-18' })).status).toBe(400);
    expect((await post(site.url, batch, { 'mcp-protocol-version': '2025-03-26' })).status).toBe(200);
  });

  it('headers that differ from the body', async () => {
    const [body, headers] = toolCall('modern', 'add', { a: 1 });
    for (const wrong of [
      { 'mcp-name': 'denied' },
      { 'mcp-method': 'tools/list' },
      { 'mcp-protocol-version': '2025-11-25' },
    ]) {
      const answer = await post(site.url, body, { ...headers, ...wrong });
      expect([answer.status, errorOf(answer).code]).toEqual([400, -32020]);
    }
  });
});

describe('headers of the modern era on an old message', () => {
  it.each<[Record<string, string>, number]>([
    [{ 'mcp-method': 'tools/call', 'mcp-name': 'routed' }, 200],
    [{ 'mcp-method': 'tools/list' }, 400],
    [{ 'mcp-name': 'add' }, 400],
    [{ 'mcp-param-region': 'eu' }, 200],
    [{ 'mcp-param-region': 'us' }, 400],
  ])('may be absent, but not differ: %j', async (sent, status) => {
    const [body, headers] = toolCall('legacy', 'routed', { region: 'eu' });
    expect((await post(site.url, body, { ...headers, ...sent })).status).toBe(status);
    const batch = await post(site.url, `[${body}]`, sent);
    expect(batch.status).toBe('mcp-param-region' in sent ? status : 400);
  });
});

describe('parameter headers', () => {
  const call = (args: object, headers: Record<string, string>) => {
    const [body, usual] = toolCall('modern', 'routed', args);
    return post(site.url, body, { ...usual, ...headers });
  };

  it.each<[object, Record<string, string>]>([
    [{ region: 'eu' }, { 'mcp-param-region': 'eu' }],
    [
      { region: 'eu', shard: 7 },
      { 'mcp-param-region': 'eu', 'mcp-param-shard': '7' },
    ],
    [
      { region: 'eu', shard: 7 },
      { 'mcp-param-region': 'eu', 'mcp-param-shard': '7.0' },
    ],
    [
      { region: 'münchen' },
      { 'mcp-param-region': `=?base64?${Buffer.from('münchen').toString('base64')}?=` },
    ],
  ])('that agree are accepted: %j', async (args, headers) => {
    expect((await call(args, headers)).status).toBe(200);
  });

  it.each<[object, Record<string, string>]>([
    [{ region: 'eu' }, {}],
    [{ region: 'eu' }, { 'mcp-param-region': 'us' }],
    [{ region: 'eu' }, { 'mcp-param-region': '=?base64?!?=' }],
    [
      { region: 'eu', shard: 7 },
      { 'mcp-param-region': 'eu', 'mcp-param-shard': '8' },
    ],
    [{ region: 'eu' }, { 'mcp-param-region': 'eu', 'mcp-param-shard': '3' }],
  ])('that differ are refused: %j %j', async (args, headers) => {
    const answer = await call(args, headers);
    expect([answer.status, errorOf(answer).code]).toEqual([400, -32020]);
  });

  it('do not tell that a hidden tool exists', async () => {
    const errors = await Promise.all(
      ['hidden', 'absent'].map(async (name) => {
        const answer = await post(site.url, ...toolCall('modern', name, { key: 'x' }));
        return JSON.stringify([answer.status, errorOf(answer)])
          .replaceAll(name, 'NAME')
          .replace(/[0-9a-f-]{36}/, 'ID');
      }),
    );
    expect(errors[0]).toBe(errors[1]);
  });
});

describe('the guard against foreign pages and proxies', () => {
  it.each([
    ['a foreign Host', { host: 'evil.example' }, 403],
    ['a Host that only looks local', { host: 'localhost.evil.example' }, 403],
    ['a foreign Origin', { origin: 'https://evil.example' }, 403],
    ['a null Origin', { origin: 'null' }, 403],
    ['a proxy', { forwarded: 'for=1.2.3.4' }, 403],
    ['a proxy with a list of hops', { 'x-forwarded-for': '1.2.3.4' }, 403],
    ['a proxy that says its name', { via: '1.1 proxy' }, 403],
    ['a credential that nothing recognises', { authorization: 'Bearer x' }, 401],
    ['two credentials', { authorization: 'Bearer x', 'x-api-key': 'y' }, 400],
  ])('refuses %s', async (_name, headers, status) => {
    const answer = await raw('POST', {
      'content-type': 'application/json',
      ...(headers as Record<string, string>),
    });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('evil');
  });

  it('refuses before it reads a body', async () => {
    const { hostname, port, pathname } = new URL(site.url);
    const headers = {
      'content-type': 'application/json',
      'content-length': '90000',
      authorization: 'Bearer x',
    };
    const status = await new Promise((resolve, reject) => {
      const sent = request({ hostname, port, path: pathname, method: 'POST', headers }, (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject).flushHeaders();
    });
    expect(status).toBe(401);
  });

  it('refuses a credential in the URL', async () => {
    expect((await post(`${site.url}?access_token=x`, legacy('ping'))).status).toBe(400);
  });

  it('says what to do about a 401', async () => {
    const answer = await post(site.url, legacy('ping'), { authorization: 'Bearer nope' });
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(errorOf(answer).data).toMatchObject({ code: 'AUTH_CREDENTIAL_INVALID' });
    expect(answer.text).not.toContain('nope');
  });

  it('lets pages of this machine in, and tells their browser', async () => {
    const answer = await post(site.url, modern('tools/list'), {
      ...modernHeaders('tools/list'),
      origin: 'http://localhost:6274',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:6274');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('answers a preflight with the headers of MCP and nothing more', async () => {
    const response = await fetch(site.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://127.0.0.1:5000',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type, mcp-param-region, x-evil',
      },
    });
    expect(response.status).toBe(204);
    const allowed = response.headers.get('access-control-allow-headers');
    expect(allowed).toContain('mcp-param-region');
    expect(allowed).not.toContain('x-evil');
  });
});

describe('what is not MCP', () => {
  it.each(['GET', 'DELETE', 'PUT', 'PATCH'])(
    '%s is answered 405 and told what is allowed',
    async (method) => {
      expect(await raw(method, {})).toMatchObject({ status: 405, allow: 'POST' });
    },
  );

  it('a path that cannot be read is answered 400', async () => {
    const { hostname, port } = new URL(site.url);
    const answer = await fetch(`http://${hostname}:${port}/%zz`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('another path is answered 404', async () => {
    expect((await fetch(new URL('/other', site.url))).status).toBe(404);
  });

  it('notifications are accepted and not answered', async () => {
    const answer = await post(site.url, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
    expect([answer.status, answer.text]).toEqual([202, '']);
  });

  it('an unknown method is told so', async () => {
    expect(errorOf(await post(site.url, legacy('no/such'))).code).toBe(-32601);
    const answer = await post(site.url, modern('no/such'), modernHeaders('no/such'));
    expect([answer.status, errorOf(answer).code]).toEqual([404, -32601]);
  });
});

describe('a batch of an old client', () => {
  it('is answered message by message, and each call is on record', async () => {
    const before = site.records().length;
    const batch = `[${[1, 2, 3].map((i) => legacy('tools/call', { name: 'add', arguments: { a: i } }, i)).join()}]`;
    const answer = await post(site.url, batch);
    expect(answer.messages.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
    expect(site.records().length - before).toBe(3);
  });
});

describe('what rules see of a request', () => {
  it.each([
    ['x-team', true],
    ['authorization', false],
    ['cookie', false],
    ['mcp-session-id', false],
    ['x-auth-token', false],
  ])('%s: %s', async (header, visible) => {
    const [body, headers] = toolCall('legacy', 'seen', { header });
    const sent = header === 'authorization' ? {} : { [header]: 'secret-value' };
    const answer = await post(site.url, body, { ...headers, ...sent });
    expect(answer.text.includes('The header is visible')).toBe(visible);
    expect(JSON.stringify([site.records(), site.logger.lines]).includes('secret-value')).toBe(false);
  });
});
