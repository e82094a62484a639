import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eras, type GateSite, send, serveGate, toolNames } from './gate-site.js';
import { legacy, post } from './post.js';

let site: GateSite;

beforeAll(async () => {
  site = await serveGate();
});

afterAll(() => site.close());

const metadata = (): string =>
  `${new URL(site.runtime.project.transport.http.baseUrl ?? `http://localhost:8000`).origin}/.well-known/oauth-protected-resource/mcp`;

async function refusal(headers: Record<string, string>, url = site.url) {
  const answer = await post(url, legacy('tools/list'), headers);
  return { status: answer.status, challenge: answer.headers.get('www-authenticate'), text: answer.text };
}

describe('a request without a valid credential', () => {
  it('gets 401 and learns where tokens come from, before its body is read', async () => {
    for (const body of [legacy('tools/list'), 'no JSON', '']) {
      const answer = await post(site.url, body);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${metadata()}"`);
    }
  });

  it('can read the metadata there', async () => {
    const path = new URL(metadata()).pathname;
    const document = (await (await fetch(new URL(path, site.url))).json()) as Record<string, unknown>;
    expect(document).toMatchObject({ authorization_servers: [site.issuer.url] });
    expect(document['resource']).toBe(`${new URL(metadata()).origin}/mcp`);
  });

  const wrong: Record<string, () => Promise<string> | string> = {
    'an expired token': () => site.issuer.sign({ exp: 1_000 }),
    'a token for another server': () => site.issuer.sign({ aud: 'https://other.example.com' }),
    'a token of another issuer': () => site.issuer.sign({ iss: 'https://evil.example.com' }),
    'a token with alg none': async () => {
      const [, payload] = (await site.issuer.sign()).split('.');
      return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    },
    'an opaque token that nothing recognises': () => 'opaque',
    'something like an API key': () => 'mxcp_abc_def',
  };
  it.each(Object.entries(wrong))('gets 401 for %s', async (_what, credential) => {
    const { status, challenge } = await refusal({ authorization: `Bearer ${await credential()}` });
    expect(status).toBe(401);
    expect(challenge).toBe(`Bearer error="invalid_token", resource_metadata="${metadata()}"`);
  });

  it('gets 401 for another scheme, and for a bearer that is none', async () => {
    for (const authorization of [
      'Basic YTpi',
      'Bearer',
      'Bearer a b',
      'Bearer a, Bearer b',
      'Digest x',
      'bearertoken',
    ])
      expect((await refusal({ authorization })).status).toBe(401);
  });

  it('gets 400 for two credentials, and for one in the URL', async () => {
    const authorization = `Bearer ${await site.issuer.sign()}`;
    expect((await refusal({ authorization, 'x-api-key': 'x' })).status).toBe(400);
    const names = [
      'access_token',
      'Access_Token',
      'api_key',
      'X-API-Key',
      'authorization',
      'token',
      '%61ccess_token',
      'access_token[]',
      'access_token%5B0%5D',
      'access-token',
      'access.token',
      '+access%20token',
      'id_token',
      'auth_token',
      'bearerToken',
      'refresh_token',
      'api-token',
      'jwt',
      'Auth',
    ];
    for (const name of names)
      expect((await refusal({ authorization }, `${site.url}?${name}=x`)).status, name).toBe(400);
  });

  it('is on record with its reason and without what it sent', async () => {
    const before = site.records().length;
    await refusal({ authorization: 'Bearer planted-secret' });
    const [record] = site.records().slice(before);
    expect(record).toMatchObject({
      operation_type: 'auth',
      operation_status: 'error',
      error_code: 'AUTH_CREDENTIAL_INVALID',
      identity_source: 'anonymous',
    });
    expect(JSON.stringify(site.records()) + site.logger.lines.join()).not.toContain('planted-secret');
  });
});

describe.each(eras)('a caller of the %s era', (era) => {
  const call = async (name: string, scope: string, role?: string) =>
    send(site.url, era, 'tools/call', { name, arguments: {} }, await site.issuer.sign({ scope, role }));

  it('is who the token says, on record too', async () => {
    const before = site.records().length;
    expect((await call('plain', '')).status).toBe(200);
    expect(site.records()[before]).toMatchObject({
      operation_name: 'plain',
      user_key: `${site.issuer.url}|ada`,
      identity_source: 'verified',
      scopes: [],
    });
  });

  it('sees what its scopes and roles allow', async () => {
    const list = async (scope: string, role?: string) =>
      toolNames(await send(site.url, era, 'tools/list', {}, await site.issuer.sign({ scope, role })));
    expect(await list('')).toEqual(['plain']);
    expect(await list('tag:hr')).toEqual(['plain', 'staff']);
    expect(await list('tag:hr tag:pay notes:write')).toEqual(['plain', 'staff']);
    expect(await list('tag:hr tag:pay', 'chief')).toEqual(['plain', 'salary', 'staff']);
    expect(await list('tag:hr tag:pay notes:write', 'chief')).toEqual([
      'plain',
      'salary',
      'staff',
      'write_note',
    ]);
    expect(await list('tag:hr tag:pay notes:write', 'unheard-of')).toEqual(['plain']);
  });

  it('is told with 403 which scopes a call needs that its roles allow', async () => {
    const answer = await call('salary', 'tag:hr', 'chief');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", scope="tag:hr tag:pay", resource_metadata="${metadata()}"`,
    );
    expect(answer.messages[0]?.['error']).toMatchObject({
      data: { code: 'AUTH_INSUFFICIENT_SCOPE', required_scopes: ['tag:hr', 'tag:pay'] },
    });
  });

  it('cannot tell a call that its roles do not allow from an unknown name, and it is on record as denied', async () => {
    const before = site.records().length;
    const [hidden, unknown] = [
      await call('salary', 'tag:hr tag:pay'),
      await call('nothing', 'tag:hr tag:pay'),
    ];
    const shape = ({ status, text }: typeof hidden): unknown => [
      status,
      text.replace(/salary|nothing/g, 'NAME').replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID'),
    ];
    expect(shape(hidden)).toEqual(shape(unknown));
    expect(hidden.headers.get('www-authenticate')).toBeNull();
    expect(site.records().slice(before)).toMatchObject([
      { error_code: 'AUTH_INSUFFICIENT_SCOPE', policy_decision: 'deny', operation_name: 'salary' },
      { error_code: 'CALL_UNKNOWN_ENDPOINT' },
    ]);
  });

  it('is held to scopes by resources, prompts and completions alike', async () => {
    const token = await site.issuer.sign({ scope: '' });
    const wishes: [string, Record<string, unknown>][] = [
      ['resources/read', { uri: 'plan://2026' }],
      ['prompts/get', { name: 'review', arguments: { tone: 'kind' } }],
      [
        'completion/complete',
        { ref: { type: 'ref/prompt', name: 'review' }, argument: { name: 'tone', value: 'k' } },
      ],
      [
        'completion/complete',
        { ref: { type: 'ref/resource', uri: 'plan://{year}' }, argument: { name: 'year', value: '2' } },
      ],
    ];
    const allowed = await site.issuer.sign({ scope: 'tag:hr' });
    for (const [method, params] of wishes) {
      const refused = await send(site.url, era, method, params, token);
      expect([method, refused.status]).toEqual([method, 403]);
      expect(refused.headers.get('www-authenticate')).toContain('scope="tag:hr"');
      expect((await send(site.url, era, method, params, allowed)).messages[0]).toHaveProperty('result');
    }
    const budget = await send(site.url, era, 'resources/read', { uri: 'plan://budget' }, allowed);
    // As if there were only what the caller sees: the template, whose year is no number.
    expect(budget.text).toContain('CALL_INVALID_ARGUMENTS');
    expect(budget.headers.get('www-authenticate')).toBeNull();
  });

  it('can only narrow by the URL, whatever is written there', async () => {
    const token = await site.issuer.sign({ scope: 'tag:hr tag:pay', role: 'chief' });
    const narrow = await site.issuer.sign({ scope: 'tag:hr' });
    const list = async (query: string, who = token) =>
      toolNames(await send(`${site.url}${query}`, era, 'tools/list', {}, who));
    expect(await list('?tags=hr')).toEqual(['salary', 'staff']);
    expect(await list('?tags=pay,web')).toEqual(['plain', 'salary', 'staff']);
    expect(await list('?tags=hr&tags=web')).toEqual(['staff']);
    expect(await list('?tags=%68r')).toEqual(['salary', 'staff']);
    for (const query of [
      '?tags=',
      '?tags=-hr',
      '?tags=!hr',
      '?tags=*',
      '?tags=HR',
      '?tags=hr;pay',
      '?tags=tag:hr',
      '?tags=hr&tags=',
    ])
      expect([query, await list(query)]).toEqual([query, []]);
    const seen = await list('', narrow);
    for (const query of [
      '?tags=pay',
      '?tags=hr,pay',
      '?tags[]=pay',
      '?tag=pay',
      '?TAGS=pay',
      '?tags=notes:write',
      '?scope=tag:pay',
    ])
      for (const name of await list(query, narrow)) expect(seen).toContain(name);
    const hidden = await send(
      `${site.url}?tags=pay`,
      era,
      'tools/call',
      { name: 'staff', arguments: {} },
      token,
    );
    expect(hidden.text).toMatch(/Unknown tool/);
    expect(
      (await send(`${site.url}?tags=hr`, era, 'tools/call', { name: 'staff', arguments: {} }, token)).status,
    ).toBe(200);
  });
});

describe('a batch', () => {
  it('tells the missing scopes inside of the answer of each call', async () => {
    const token = await site.issuer.sign({ scope: '', role: 'chief' });
    const body = ['staff', 'plain', 'salary'].map(
      (name, id) => JSON.parse(legacy('tools/call', { name, arguments: {} }, id)) as object,
    );
    const answer = await post(site.url, JSON.stringify(body), { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(200);
    const messages = answer.text.startsWith('[')
      ? (JSON.parse(answer.text) as Record<string, unknown>[])
      : answer.messages;
    const byId = new Map(messages.map((message) => [message['id'], message['result']]));
    expect(byId.get(0)).toMatchObject({ isError: true, _meta: { required_scopes: ['tag:hr'] } });
    expect(byId.get(1)).not.toHaveProperty('isError');
    expect(byId.get(2)).toMatchObject({ isError: true, _meta: { required_scopes: ['tag:hr', 'tag:pay'] } });
  });
});

describe('the same call by the direct path and by the SDK', () => {
  it('is refused in the same words', async () => {
    const sdk = await serveGate({ http: { direct: false } });
    try {
      for (const era of eras)
        for (const role of ['chief', 'user']) {
          const ask = async (one: GateSite) => {
            const token = await one.issuer.sign({ scope: '', role });
            const { status, text, headers } = await send(
              one.url,
              era,
              'tools/call',
              { name: 'salary' },
              token,
            );
            return [
              status,
              text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID'),
              headers.get('www-authenticate'),
            ];
          };
          expect(await ask(sdk)).toEqual(await ask(site));
        }
    } finally {
      await sdk.close();
    }
  });
});
