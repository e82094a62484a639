import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import type { CallRequest } from '../../src/model/call.js';
import { envelope, modernHeaders, post } from '../transport/http/post.js';
import { type PeopleSite, servePeople } from './people-site.js';

const tool = (name: string, more = ''): string => `mxcp: 1
tool:
  name: ${name}
  language: typescript
  source: {file: ../typescript/token.ts}
${more}`;

const files = {
  'tools/compare.yml': tool('compare', '  return: {type: boolean}\n'),
  'tools/user.yml': tool('user', '  return: {type: object}\n'),
  'tools/says.yml': tool('says', '  parameters: [{name: how, type: string}]\n'),
  'tools/idle.yml': tool('idle'),
  'tools/bare.yml': `mxcp: 1
tool: {name: bare, return: {type: boolean}, source: {code: SELECT get_user_external_token() IS NULL AS none}}
`,
  'tools/whole.yml': `mxcp: 1
tool: {name: whole, annotations: {readOnlyHint: true}, source: {code: SELECT get_user_external_token() AS token}}
`,
  'tools/passes.yml': tool('passes'),
  'typescript/token.ts': `import { ToolError, type ToolContext } from 'mxcp';

export async function compare(_args: unknown, ctx: ToolContext) {
  const token: string | null = await ctx.user.externalToken();
  const { t } = (await ctx.db.queryOne<{ t: string }>('SELECT get_user_external_token() AS t'))!;
  return token !== null && token === t && token === (await ctx.user.externalToken());
}

export const user = (_args: unknown, ctx: ToolContext) => ctx.user;

/** Gives back what another body was given, in a text that nothing knows. */
export const passes = async (_args: unknown, ctx: ToolContext) => [...(await ctx.user.externalToken() ?? '')];

export const idle = () => 'nothing asked';

export async function says({ how }: { how: string }, ctx: ToolContext) {
  const token =
    how === 'sql'
      ? (await ctx.db.queryOne<{ t: string }>('SELECT get_user_external_token() AS t'))!.t
      : how === 'nested sql'
        ? ((await ctx.endpoints.call('whole')) as { token: string }[])[0]!.token
        : how === 'nested body'
          ? ((await ctx.endpoints.call('passes')) as string[]).join('')
          : await ctx.user.externalToken();
  if (how === 'nested body') await ctx.endpoints.call('idle'); // what ended last is not what had it
  ctx.log.warn('with ' + token, { nested: [token] });
  ctx.progress(1, 2, 'with ' + token);
  console.log('printed ' + token);
  ctx.audit.event({ target: 'with ' + token });
  if (how === 'fetch') await ctx.fetch('http://127.0.0.1:9/' + token).catch(() => undefined);
  if (how === 'tool') throw new ToolError('refused ' + token);
  if (how === 'error') throw new TypeError('failed ' + token);
  if (how === 'result') return { [String(token)]: () => 1 };
  if (how === 'nobody') { void Promise.reject(new Error('nobody ' + token)); await new Promise(() => setInterval(() => 1, 1000)); }
  return 'said';
}
`,
};

const hows = ['sql', 'nested sql', 'nested body', 'method', 'fetch', 'tool', 'error', 'result', 'nobody'];

let site: PeopleSite;
let bare: PeopleSite;
beforeAll(async () => {
  site = await servePeople({ provider: 'expose_token: true', files });
  bare = await servePeople({ files });
});
afterAll(async () => {
  await site.close();
  await bare.close();
});

/** The answer, with everything that came before it. */
async function told(on: PeopleSite, token: string, name: string, args: object = {}): Promise<string> {
  const _meta = { ...envelope, progressToken: 1, 'io.modelcontextprotocol/logLevel': 'debug' };
  const params = { name, arguments: args, _meta };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const headers = { ...modernHeaders('tools/call', name), authorization: `Bearer ${token}` };
  return (await post(on.mcpUrl, body, headers)).text;
}

describe("the caller's token at the identity provider", () => {
  it('is what the provider gave, by ctx and by SQL, and no part of a user that a body returns', async () => {
    const { token } = await site.signedIn('dana');
    expect(await told(site, token, 'compare')).toContain('true');
    const user = await told(site, token, 'user');
    expect(user).toContain('dana');
    expect(user).not.toContain('externalToken');
  });

  it.each(hows)('is in no text beside a result, no log and no record (%s)', async (how) => {
    const { token } = await site.signedIn('dana');
    const answer = await told(site, token, 'says', { how });
    const issued = site.standIn.issued.accessTokens;
    expect(issued.length).toBeGreaterThan(0);
    const everything = [answer, ...site.logger.lines, JSON.stringify(site.records())].join('\n');
    expect(issued.filter((one) => everything.includes(one))).toEqual([]);
    expect(site.logger.lines.join('\n')).toContain('with [REDACTED]');
    if (how === 'tool') expect(answer).toContain('refused [REDACTED]');
    expect(answer).toContain('with [REDACTED]');
  });

  it('is not there where the provider does not say `expose_token`', async () => {
    const { token } = await bare.signedIn('dana');
    expect(await told(bare, token, 'compare')).toContain('false');
    expect(await told(bare, token, 'bare')).toContain('true');
  });

  const persona = { userId: 'id-of-dana', username: 'dana', provider: 'corp', claims: {} };
  const wish = (name: string, more: Partial<CallRequest['caller']> = {}): CallRequest => ({
    kind: 'tool',
    name,
    arguments: {},
    caller: { ...site.runtime.callerOf('stdio', persona), ...more },
    context: { transport: 'stdio', id: 'r', time: Date.now() * 1000, headers: {} },
  });

  it('is not there for a caller who is only said to be that person', async () => {
    const outcome = await call(site.runtime, wish('compare'));
    expect(outcome).toMatchObject({ status: 'success', released: { value: false } });
  });

  it('is looked up when a body asks for it, once for a call, and otherwise not', async () => {
    await site.signedIn('dana');
    const { auth } = site.runtime;
    const asked: string[] = [];
    const externalToken = (key: string): Promise<string | undefined> => {
      asked.push(key);
      return auth!.externalToken(key);
    };
    const runtime = { ...site.runtime, auth: { ...auth!, externalToken } };
    await call(runtime, wish('idle', { source: 'verified' }));
    expect(asked).toEqual([]);
    const outcome = await call(runtime, wish('compare', { source: 'verified' }));
    expect(outcome).toMatchObject({ status: 'success', released: { value: true } });
    expect(asked).toEqual(['corp|id-of-dana']);
  });
});
