import { type FastifyInstance, fastify, type InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireAccess } from '../../src/transport/http/access.js';
import { createApp } from '../../src/transport/http/create-app.js';
import { createDrain } from '../../src/transport/http/drain.js';
import { createSdkBridge } from '../../src/transport/http/sdk-bridge.js';
import { legacy } from '../transport/http/post.js';
import { type PeopleSite, servePeople } from './people-site.js';

let site: PeopleSite;
let app: FastifyInstance;
beforeAll(async () => {
  site = await servePeople();
  const { runtime, logger } = site;
  const settings = runtime.project.transport.http;
  const bridge = createSdkBridge(logger);
  app = createApp({ runtime: () => runtime, logger, settings, bridge, drain: createDrain(), direct: true });
  await app.ready();
});
afterAll(async () => {
  await app.close();
  await site.close();
});

type Method = NonNullable<InjectOptions['method']>;

/** What a stranger gets, by who may use the route. */
const strangers: readonly (readonly [string, Method, string, number])[] = [
  ['caller', 'POST', '/mcp', 401],
  ['nobody', 'GET', '/mcp', 405],
  ['nobody', 'DELETE', '/mcp', 405],
  ['nobody', 'PUT', '/mcp', 405],
  ['nobody', 'PATCH', '/mcp', 405],
  ['nobody', 'HEAD', '/mcp', 405],
  ['public', 'OPTIONS', '/mcp', 204],
  ['public', 'GET', '/healthz', 200],
  ['public', 'GET', '/readyz', 200],
  ['public', 'GET', '/.well-known/oauth-authorization-server', 200],
  ['public', 'GET', '/.well-known/oauth-authorization-server/other', 404],
  ['public', 'GET', '/.well-known/oauth-protected-resource', 200],
  ['public', 'GET', '/.well-known/oauth-protected-resource/other', 404],
  ['public', 'GET', '/oauth/style.css', 200],
  ['public', 'OPTIONS', '/oauth/token', 204],
  ['public', 'OPTIONS', '/oauth/revoke', 204],
  ['public', 'OPTIONS', '/oauth/register', 204],
  ['oauth: who is signed out is asked to sign in', 'GET', '/oauth', 200],
  ['oauth: a form without its token', 'POST', '/oauth', 400],
  ['oauth: no such client', 'GET', '/oauth/authorize', 400],
  ['oauth: no such request', 'GET', '/oauth/authorize/x', 400],
  ['oauth: no such request', 'GET', '/oauth/interaction/x', 400],
  ['oauth: no such request', 'POST', '/oauth/interaction/x', 400],
  ['oauth: no such request', 'GET', '/oauth/interaction/x/sign-in/corp', 400],
  ['oauth: no such provider', 'GET', '/oauth/sign-in/x', 404],
  ['oauth: no such sign-in', 'GET', '/oauth/callback/corp', 400],
  ['oauth: no credentials of a client', 'POST', '/oauth/token', 400],
  ['oauth: no credentials of a client', 'POST', '/oauth/revoke', 400],
  ['oauth: no description of a client', 'POST', '/oauth/register', 400],
  ['unknown', 'GET', '/nothing', 404],
  ['unknown', 'POST', '/oauth/callback/corp', 404],
];

describe('every route', () => {
  it('is in this list', () => {
    expect(app.printRoutes({ commonPrefix: false })).toMatchInlineSnapshot(`
      "├── /mcp (POST, OPTIONS, GET, DELETE, PUT, PATCH, HEAD)
      ├── /healthz (GET, HEAD)
      ├── /readyz (GET, HEAD)
      ├── /.well-known/oauth-authorization-server (GET, HEAD)
      │   └── * (GET, HEAD)
      ├── /.well-known/oauth-protected-resource (GET, HEAD)
      │   └── * (GET, HEAD)
      ├── /oauth (GET, HEAD, POST)
      │   ├── /authorize (GET, HEAD)
      │   │   └── /:uid (GET, HEAD)
      │   ├── /token (POST, OPTIONS)
      │   ├── /revoke (POST, OPTIONS)
      │   ├── /register (POST, OPTIONS)
      │   ├── /interaction/:uid (GET, HEAD, POST)
      │   │   └── /sign-in/:provider (GET, HEAD)
      │   ├── /sign-in/:provider (GET, HEAD)
      │   └── /style.css (GET, HEAD)
      └── * (GET, HEAD)
      "
    `);
  });

  it.each(strangers)(
    'gives a stranger no more than it is for: %s, %s %s',
    async (_who, method, url, status) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const form = method === 'POST' ? { headers, payload: 'a=b' } : {};
      expect((await app.inject({ method, url, ...form })).statusCode).toBe(status);
    },
  );

  it('says who may use it, or the server does not start', () => {
    const careless = fastify();
    requireAccess(careless);
    expect(() => careless.get('/debug', () => 'everything')).toThrow('does not say who may use it');
  });
});

describe('the only route that answers callers', () => {
  const methods = [
    'initialize',
    'ping',
    'tools/list',
    'tools/call',
    'resources/list',
    'resources/templates/list',
    'resources/read',
    'prompts/list',
    'prompts/get',
    'completion/complete',
    'server/discover',
    'subscriptions/listen',
    'no/such',
  ];
  const credentials = {
    'no credential': {},
    'a token that is over or was never given': { authorization: 'Bearer mxat_over' },
    'a token of nobody': { authorization: 'Bearer x' },
    'a key of nobody': { 'x-api-key': 'mxcp_ci_x' },
    'a password': { authorization: 'Basic cm9vdDpyb290' },
  };

  it.each(Object.entries(credentials))('refuses every method with %s', async (_what, credential) => {
    const headers = { 'content-type': 'application/json', ...credential };
    for (const method of methods) {
      const payload = legacy(method, { name: 'search_web' });
      const answer = await app.inject({ method: 'POST', url: '/mcp', headers, payload });
      expect(answer.statusCode, method).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('resource_metadata=');
    }
  });
});
