import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTokenIssuer, audience, type TokenIssuer } from '../auth/verify/token-issuer.js';
import { send, toolNames } from '../transport/http/gate-site.js';
import { legacy, post } from '../transport/http/post.js';
import { type ServedSite, serveSite } from '../transport/open-site.js';

let before: TokenIssuer;
let after: TokenIssuer;
let site: ServedSite;
beforeAll(async () => {
  [before, after] = [await startTokenIssuer(), await startTokenIssuer()];
  const verifier = (name: string, { url }: TokenIssuer): string =>
    `{name: ${name}, issuer: '${url}', audience: '${audience}', jwks_uri: '${url}/jwks'}`;
  site = await serveSite({
    'mxcp-site.yml': `mxcp: 1
project: ways
profile: default
profiles:
  default:
    duckdb: {path: ':memory:'}
    auth: {mode: verifier, api_keys: true, verifiers: [${verifier('old', before)}, ${verifier('new', after)}]}
`,
    'tools/hello.yml': `mxcp: 1
tool: {name: hello, description: Says hello., source: {code: SELECT get_user_provider() AS provider}}
`,
  });
});
afterAll(async () => {
  await site.close();
  await before.close();
  await after.close();
});

const hello = (token: string) => send(site.url, 'legacy', 'tools/call', { name: 'hello' }, token);

describe('several ways in at once', () => {
  it('are named to whoever has no credential', async () => {
    const { status, messages } = await post(site.url, legacy('tools/list'));
    expect(status).toBe(401);
    expect(messages[0]?.['error']).toMatchObject({
      message:
        'Authentication required: send an access token in Authorization: Bearer, or an API key in X-API-Key',
    });
  });

  it('take tokens of the former and of the new issuer while one replaces the other', async () => {
    expect((await hello(await before.sign())).text).toContain('\\"provider\\":\\"old\\"');
    expect((await hello(await after.sign())).text).toContain('\\"provider\\":\\"new\\"');
  });

  it('do not take a token of one issuer that the other one signed', async () => {
    expect((await hello(await after.sign({ iss: before.url }))).status).toBe(401);
  });

  it('take a failing credential for what it is, and never for another kind', async () => {
    const asked = before.asked.keys() + after.asked.keys();
    const token = await before.sign();
    const headers: Record<string, string>[] = [
      { authorization: 'Bearer mxcp_nightly_forged' },
      { 'x-api-key': token },
      { 'x-api-key': 'mxcp_nightly_forged' },
      { authorization: `Basic ${Buffer.from(`ada:${token}`).toString('base64')}` },
    ];
    for (const header of headers) {
      expect((await post(site.url, legacy('tools/list'), header)).status).toBe(401);
    }
    expect(before.asked.keys() + after.asked.keys()).toBe(asked);
    expect(toolNames(await send(site.url, 'legacy', 'tools/list', {}, token))).toEqual(['hello']);
  });
});
