import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { temporarySite } from './temporary-site.js';

const body = [
  'export default async function (args: { url: string }, ctx) {',
  '  const answer = await ctx.fetch(args.url, args.url.endsWith("/new") ? { method: "POST" } : undefined);',
  '  return { status: answer.status, text: await answer.text() };',
  '}',
];

const site = (url: string): Record<string, string> => ({
  'mxcp-site.yml':
    'mxcp: 1\nproject: p\nprofile: default\nprofiles: {default: {duckdb: {path: ":memory:"}}}\n',
  'tools/inner.yml': [
    'tool:',
    '  name: inner',
    '  language: typescript',
    '  parameters: [{ name: url, type: string }]',
    '  source:',
    '    code: |',
    ...body.map((line) => `      ${line}`),
    '  tests:',
    '    - name: gets the answer of the test',
    `      arguments: { url: "${url}/a?b=1" }`,
    `      http: [{ url: "${url}/a?b=1", response: { hello: world } }]`,
    `      result: { status: 200, text: '{"hello":"world"}' }`,
    '    - name: by method and status, and a text as it is',
    `      arguments: { url: "${url}/new" }`,
    `      http: [{ url: "${url}/new", response: got }, { url: "${url}/new", method: POST, status: 201, response: made }]`,
    '      result: { status: 201, text: made }',
    '    - name: reaches no network',
    `      arguments: { url: "${url}/a" }`,
    '      error: { code: EXECUTE_BODY_FAILED }',
    '',
  ].join('\n'),
  'tools/outer.yml': [
    'tool:',
    '  name: outer',
    '  language: typescript',
    '  source:',
    '    code: |',
    `      export const outer = (args, ctx) => ctx.endpoints.call('inner', { url: '${url}/a' });`,
    '  tests:',
    '    - name: not through another endpoint either',
    '      error: {}',
    '',
  ].join('\n'),
});

describe('ctx.fetch in mxcp test', () => {
  it('gets what the test says, and reaches no network, also through other endpoints', async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end('real');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { mxcp } = temporarySite(site(url));
    const { json } = await mxcp(['test', '--json']);
    expect(json()).toMatchObject({ result: { passed: 4, failed: 0, errors: 0 } });
    expect(requests).toBe(0);
    const run = await mxcp(['run', 'tool', 'inner', '-p', `url=${url}/a`]);
    expect(run.stdout).toContain('real');
    server.close();
  });
});
