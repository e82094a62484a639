import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/engine/operation.js';
import type { Runtime } from '../../src/engine/runtime.js';
import { securityHeaders } from '../../src/transport/http/security-headers.js';
import { serveHttp } from '../../src/transport/serve-http.js';
import { startTokenIssuer, audience, type TokenIssuer } from '../auth/verify/token-issuer.js';
import { eras, type Era, send, toolNames } from '../transport/http/gate-site.js';
import { type OpenSite, openSite } from '../transport/open-site.js';

const note = `mxcp: 1
tool:
  name: note
  description: Leaves a note.
  tags: [notes]
  parameters: [{name: text, type: string}]
  return: {type: object, properties: {noted: {type: string}}}
  policies:
    input: [{id: staff, condition: "user.role == 'nobody'", action: deny}]
    output: [{id: shown, condition: "response.noted == 'no'", action: deny}]
  source: {code: INSERT INTO notes VALUES ($text) RETURNING text AS noted}
`;

let issuer: TokenIssuer;
let site: OpenSite;
beforeAll(async () => {
  issuer = await startTokenIssuer();
  site = await openSite({
    'mxcp-site.yml': `mxcp: 1
project: faults
profile: default
authorization: {tags_as_scopes: true, scoped_tags: [notes]}
profiles:
  default:
    duckdb: {path: ':memory:', init: CREATE TABLE notes (text VARCHAR)}
    auth: {mode: verifier, issuer: '${issuer.url}', audience: '${audience}', jwks_uri: '${issuer.url}/jwks'}
`,
    'tools/note.yml': note,
    'tools/count.yml': `mxcp: 1
tool: {name: count, description: How many., return: {type: integer}, source: {code: SELECT count(*) FROM notes}}
`,
  });
});
afterAll(async () => {
  await site.close();
  await issuer.close();
});

const boom = (): never => {
  throw new Error('this check is broken, and its text is secret');
};

/** The site with one operation changed. */
function withOperation(runtime: Runtime, change: (operation: Operation) => Partial<Operation>): Runtime {
  const find: Runtime['registry']['find'] = (kind, name) => {
    const found = runtime.registry.find(kind, name);
    return found && name === 'note' ? { ...found, ...change(found) } : found;
  };
  return { ...runtime, registry: { ...runtime.registry, find } };
}

const rulesThat = (broken: 'early' | 'authorize' | 'release') => (runtime: Runtime) =>
  withOperation(runtime, ({ rules }) => ({ rules: { ...rules, [broken]: boom } }));

/** Every check on the way of a call, broken. */
const faults: Record<string, (runtime: Runtime) => Runtime> = {
  'the credential': (runtime) =>
    runtime.auth
      ? { ...runtime, auth: { ...runtime.auth, authenticate: () => Promise.reject(new Error()) } }
      : runtime,
  'who is calling': (runtime) => ({ ...runtime, callerFor: boom }),
  'the limits': (runtime) => ({
    ...runtime,
    rates: { ...runtime.rates, buckets: { ...runtime.rates.buckets, take: boom } },
  }),
  'the scopes that are missing': (runtime) => ({ ...runtime, scopes: { ...runtime.scopes, missing: boom } }),
  'the rules that read no argument': rulesThat('early'),
  'the arguments': (runtime) => withOperation(runtime, () => ({ bind: boom })),
  'the rules over arguments': rulesThat('authorize'),
  'the result': (runtime) =>
    withOperation(runtime, ({ result }) => ({ result: { ...result, check: boom, shapeRows: boom } })),
  'the rules over the result': rulesThat('release'),
  'the record of what begins': (runtime) => ({ ...runtime, audit: { ...runtime.audit, begin: boom } }),
};

async function tell(
  runtime: Runtime,
  era: Era,
  name: string,
  args: object,
): Promise<{ status: number; text: string }> {
  const { http } = runtime.project.transport;
  const server = await serveHttp({
    runtime: () => runtime,
    logger: site.logger,
    settings: { ...http, host: '127.0.0.1', port: 0 },
  });
  try {
    const token = await issuer.sign({ scope: 'tag:notes' });
    return await send(server.url, era, 'tools/call', { name, arguments: args }, token);
  } finally {
    await server.close(0);
  }
}

/** How many notes there are. */
const count = async (): Promise<string | undefined> =>
  /"structuredContent":\{"result":(\d+)/.exec((await tell(site.runtime, 'legacy', 'count', {})).text)?.[1];

describe.each(eras)('a call of the %s era that passes every check', (era) => {
  it('is done', async () => {
    const before = await count();
    expect((await tell(site.runtime, era, 'note', { text: 'fine' })).text).toContain('fine');
    expect(await count()).toBe(String(Number(before) + 1));
  });

  it.each(Object.entries(faults))('is not done when what checks %s breaks', async (_what, breaks) => {
    const before = await count();
    const { text } = await tell(breaks(site.runtime), era, 'note', { text: 'lost-note' });
    expect(text).toMatch(/"isError":true|"error":\{/);
    expect(text).not.toContain('lost-note');
    expect(text).not.toContain('this check is broken');
    expect(await count()).toBe(before);
  });

  it('is not answered when its outcome cannot be recorded', async () => {
    const runtime = { ...site.runtime, audit: { ...site.runtime.audit, append: boom } };
    const { text } = await tell(runtime, era, 'count', {});
    expect(text).toMatch(/"isError":true|"error":\{/);
  });

  it('is not even listed when what decides about scopes breaks', async () => {
    const runtime = faults['the scopes that are missing']?.(site.runtime);
    if (runtime === undefined) throw new Error('There is no such fault');
    const server = await serveHttp({
      runtime: () => runtime,
      logger: site.logger,
      settings: { ...runtime.project.transport.http, host: '127.0.0.1', port: 0 },
    });
    const list = await send(server.url, era, 'tools/list', {}, await issuer.sign({ scope: 'tag:notes' }));
    await server.close(0);
    expect(toolNames(list)).toEqual([]);
    expect(list.text).not.toContain('this check is broken');
  });
});

describe('a server that fails itself', () => {
  it('answers 500 with every header of security, and tells nothing', async () => {
    const runtime: Runtime = { ...site.runtime, ready: boom, callerFor: boom };
    const server = await serveHttp({
      runtime: () => runtime,
      logger: site.logger,
      settings: { ...runtime.project.transport.http, host: '127.0.0.1', port: 0 },
    });
    const token = await issuer.sign();
    const answers = [
      await fetch(new URL('/readyz', server.url)),
      await fetch(server.url, { method: 'POST', headers: { authorization: `Bearer ${token}` } }),
    ];
    await server.close(0);
    for (const answer of answers) {
      expect(answer.status).toBe(500);
      expect(Object.fromEntries(answer.headers)).toMatchObject(securityHeaders);
      expect(await answer.text()).not.toContain('this check is broken');
    }
  });
});
