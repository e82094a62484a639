import { describe, expect, it } from 'vitest';
import { legacy, modern, modernHeaders, post, toolCall } from '../transport/http/post.js';
import { open, serve, site } from './short-lived.js';

const people = `
mxcp: 1
tool:
  name: people
  description: People.
  return: {type: object, properties: {name: {type: string}}}
  source: {code: "SELECT 'Ann' AS name"}
`;

describe('replicas', () => {
  it.each(['modern', 'legacy'] as const)(
    'serve one %s client turn by turn: nothing is kept between requests',
    async (era) => {
      const files = { 'tools/people.yml': people };
      const replicas = [await serve(files), await serve(files)];
      const hello = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      };
      const messages: [string, Record<string, string>][] = [
        ...(era === 'legacy' ? [[legacy('initialize', hello), {}] as [string, Record<string, string>]] : []),
        era === 'modern'
          ? [modern('tools/list'), modernHeaders('tools/list')]
          : [legacy('tools/list'), { 'mcp-protocol-version': '2025-11-25' }],
        toolCall(era, 'people'),
        toolCall(era, 'people'),
      ];
      for (const [i, [body, headers]] of messages.entries()) {
        const answer = await post(replicas[i % 2]?.url ?? '', body, headers);
        expect(answer.status).toBe(200);
        expect(answer.headers.get('mcp-session-id')).toBeNull();
        expect(answer.messages[0]).toHaveProperty('result');
      }
    },
  );
});

describe('a proxy that is trusted', () => {
  const secured = site.replace(
    'profiles:\n  default:',
    'profiles:\n  default:\n    auth: {allow_anonymous: true}\n    transport: {http: {trust_proxy: [127.0.0.1]}}',
  );
  it.each([
    ['https', 'max-age=31536000; includeSubDomains'],
    ['http', null],
  ])('that says %s decides about HSTS', async (scheme, header) => {
    const { url } = await serve({ 'mxcp-site.yml': secured, 'tools/people.yml': people });
    const [body, headers] = toolCall('modern', 'people');
    const ok = await post(url, body, { ...headers, 'x-forwarded-proto': scheme });
    const wrong = await post(url, '{', { 'x-forwarded-proto': scheme });
    expect([ok.status, wrong.status]).toEqual([200, 400]);
    for (const answer of [ok, wrong]) expect(answer.headers.get('strict-transport-security')).toBe(header);
  });

  it('is needed: anybody else who says https is not believed', async () => {
    const files = {
      'mxcp-site.yml': secured.replace('trust_proxy: [127.0.0.1]', ''),
      'tools/people.yml': people,
    };
    const { url } = await serve(files);
    const answer = await post(url, '{', { 'x-forwarded-proto': 'https' });
    expect(answer.headers.get('strict-transport-security')).toBeNull();
  });

  it.each(['true', '[0.0.0.0/99]', '[everybody]'])(
    'is an address: trust_proxy: %s does not load',
    async (value) => {
      const text = secured.replace('[127.0.0.1]', value);
      await expect(open({ 'mxcp-site.yml': text, 'tools/people.yml': people })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
    },
  );
});

describe('a page in a browser', () => {
  const allowing = site.replace(
    'profiles:\n  default:',
    "profiles:\n  default:\n    transport: {http: {allowed_origins: ['https://app.example']}}",
  );

  it('of an origin on the list may call, of another may not, and credentials are never allowed', async () => {
    const { url } = await serve({ 'mxcp-site.yml': allowing, 'tools/people.yml': people });
    const [body, headers] = toolCall('modern', 'people');
    const allowed = await post(url, body, { ...headers, origin: 'https://app.example' });
    const foreign = await post(url, body, { ...headers, origin: 'https://app.example.evil.example' });
    expect([allowed.status, foreign.status]).toEqual([200, 403]);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    for (const answer of [allowed, foreign]) {
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it('of any origin may call only when `*` is written, and then without credentials too', async () => {
    const { url } = await serve({
      'mxcp-site.yml': allowing.replace('https://app.example', '*'),
      'tools/people.yml': people,
    });
    const [body, headers] = toolCall('modern', 'people');
    const answer = await post(url, body, { ...headers, origin: 'https://any.example' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('may send POST with the headers that MCP needs, and keep that answer for an hour', async () => {
    const { url } = await serve({ 'tools/people.yml': people });
    const { status, headers } = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:5000', 'access-control-request-method': 'POST' },
    });
    expect([status, headers.get('access-control-allow-methods')]).toEqual([204, 'POST']);
    const allowed = headers.get('access-control-allow-headers')?.split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining([
        'authorization',
        'content-type',
        'mcp-session-id',
        'mcp-protocol-version',
        'last-event-id',
      ]),
    );
    expect(headers.get('access-control-expose-headers')).toContain('www-authenticate');
    expect(headers.get('access-control-max-age')).toBe('3600');
  });
});

describe('a URL', () => {
  const order = `
mxcp: 1
resource:
  uri: order://{id}
  name: order
  description: An order.
  parameters: [{name: id, type: integer, maximum: 9}]
  return: {type: integer}
  source: {code: SELECT $id}
`;

  it('has no say in a call: its query changes nothing', async () => {
    const { url } = await serve({ 'tools/people.yml': people });
    const [body, headers] = toolCall('modern', 'people');
    const asked = await post(`${url}?name=other&arguments=%7B%7D&method=ping&__proto__=x`, body, headers);
    expect(asked.messages[0]).toMatchObject({ result: { structuredContent: { name: 'Ann' } } });
  });

  it.each([
    ['order://5', '5'],
    ['order://10', 'at most 9'],
    ['order://abc', 'an integer'],
    ['order://5%20OR%201=1', 'an integer'],
    ['order://..%2f5', 'an integer'],
    ['order://5/6', 'not found'],
    ['order://%zz', 'not found'],
  ])('of a resource is validated like every argument: %s', async (uri, says) => {
    const { url } = await serve({ 'resources/order.yml': order });
    const answer = await post(url, legacy('resources/read', { uri }));
    expect(answer.messages[0]).toHaveProperty(uri === 'order://5' ? 'result' : 'error');
    expect(answer.text).toContain(says);
  });
});
