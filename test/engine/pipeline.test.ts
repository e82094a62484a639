import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { complete } from '../../src/engine/complete.js';
import { listOperations } from '../../src/engine/listing.js';
import { call } from '../../src/engine/pipeline.js';
import { ShuttingDownError } from '../../src/errors.js';
import type { CallRequest, RequestContext, Transport } from '../../src/model/call.js';
import type { Outcome } from '../../src/model/outcome.js';
import { openSite, type OpenSite } from '../transport/open-site.js';

const files = {
  'mxcp-site.yml': `mxcp: 1
project: pipeline
profile: default
profiles:
  default:
    duckdb: {path: ":memory:", init: "CREATE TABLE notes (id INTEGER, text VARCHAR)"}
`,
  'tools/add.yml': `mxcp: 1
tool:
  name: add
  parameters: [{name: id, type: integer}, {name: text, type: string, enum: [red, green, blue]}]
  return: {type: object}
  source: {code: "INSERT INTO notes VALUES ($id, $text) RETURNING id"}
  policies: {output: [{id: no-odd, condition: "response.id % 2 == 1", action: deny, reason: Odd ids are refused}]}
`,
  'tools/count.yml': `mxcp: 1
tool: {name: count, annotations: {readOnlyHint: true}, return: {type: integer}, source: {code: SELECT count(*) FROM notes}}
`,
  'tools/first.yml': `mxcp: 1
tool:
  name: first
  annotations: {readOnlyHint: true}
  return: {type: object, nullable: true}
  source: {code: SELECT 1 AS id}
  policies: {output: [{id: own-rows, condition: "true", action: keep_rows, where: "row.id == 2"}]}
`,
  'tools/staff.yml': `mxcp: 1
tool:
  name: staff
  parameters: [{name: id, type: integer, sensitive: true}]
  source: {code: SELECT $id AS id}
  policies: {input: [{id: staff-only, condition: "user.role != 'staff'", action: deny, reason: Staff only}]}
`,
  'tools/late.yml': `mxcp: 1
tool:
  name: late
  parameters: [{name: id, type: integer}]
  source: {code: SELECT $id AS id}
  policies: {input: [{id: late-hide, condition: "user.role != 'staff' || id > 10", action: deny}]}
`,
  'tools/slow.yml': `mxcp: 1
tool:
  name: slow
  annotations: {readOnlyHint: true}
  limits: {timeout: 10s, concurrency: 1}
  source: {code: "SELECT sum(a.range * b.range) AS s FROM range(10000000) a, range(10000000) b"}
`,
  'prompts/ask.yml': `mxcp: 1
prompt:
  name: ask
  parameters:
    - {name: colour, type: string, enum: [red, green, blue]}
    - {name: pin, type: string, sensitive: true, examples: ["1234"]}
  messages: [{role: user, type: text, prompt: "{{ colour }} {{ pin }}"}]
`,
  'prompts/secret.yml': `mxcp: 1
prompt:
  name: secret
  parameters: [{name: colour, type: string, enum: [red, green, blue]}]
  messages: [{role: user, type: text, prompt: "{{ colour }}"}]
  policies: {input: [{id: late-prompt, condition: "user.role != 'staff' || colour == 'red'", action: deny}]}
`,
};

let site: OpenSite;

beforeAll(async () => {
  site = await openSite(files);
});

afterAll(() => site.close());

function context(transport: Transport): RequestContext {
  return { transport, id: 'r', time: Date.now() * 1000, headers: {} };
}

function wish(name: string, args: unknown, more: Partial<CallRequest> = {}): CallRequest {
  const { runtime } = site;
  return {
    kind: 'tool',
    name,
    arguments: args,
    caller: runtime.callerOf('http'),
    context: context('http'),
    ...more,
  };
}

const codeOf = (outcome: Outcome): string => (outcome.status === 'success' ? 'success' : outcome.error.code);

function recordsOf(outcome: Outcome): Record<string, unknown>[] {
  return site.records().filter((record) => record['call_id'] === outcome.callId);
}

async function count(): Promise<unknown> {
  const outcome = await call(site.runtime, wish('count', {}));
  return outcome.status === 'success' && outcome.released.form === 'value'
    ? outcome.released.value
    : outcome.status;
}

describe('call', () => {
  it('records the intent of a writing call before its outcome, and commits', async () => {
    const before = await count();
    const outcome = await call(site.runtime, wish('add', { id: 2, text: 'red' }));
    expect(codeOf(outcome)).toBe('success');
    expect(recordsOf(outcome).map((record) => record['operation_status'])).toEqual(['started', 'success']);
    expect(await count()).toBe(Number(before) + 1);
  });

  it('rolls back what a call wrote whose output is denied', async () => {
    const before = await count();
    const outcome = await call(site.runtime, wish('add', { id: 3, text: 'red' }));
    expect(outcome).toMatchObject({ status: 'denied', policy: { decision: 'deny', rule: 'no-odd' } });
    expect(await count()).toBe(before);
  });

  it('records a single item that a row rule dropped as a changed output', async () => {
    const outcome = await call(site.runtime, wish('first', {}));
    expect(outcome).toMatchObject({
      status: 'success',
      released: { json: 'null' },
      policy: { decision: 'warn' },
    });
    expect(recordsOf(outcome)).toMatchObject([{ policy_decision: 'warn' }]);
  });

  it('rolls back on request, whatever the outcome', async () => {
    const before = await count();
    expect(codeOf(await call(site.runtime, wish('add', { id: 4, text: 'red' }), { rollback: true }))).toBe(
      'success',
    );
    expect(await count()).toBe(before);
  });

  it.each([
    ['tool', 'nowhere', 'CALL_UNKNOWN_ENDPOINT'],
    ['prompt', 'nowhere', 'CALL_UNKNOWN_ENDPOINT'],
    ['resource', 'x://nowhere', 'CALL_UNKNOWN_ENDPOINT'],
    ['tool', 'add', 'CALL_INVALID_ARGUMENTS'],
  ] as const)('records a failing call of %s %s', async (kind, name, code) => {
    const outcome = await call(site.runtime, wish(name, kind === 'resource' ? undefined : {}, { kind }));
    expect(codeOf(outcome)).toBe(code);
    expect(recordsOf(outcome)).toMatchObject([{ operation_status: 'error', error_code: code }]);
  });

  it.each(['staff', 'late'])(
    'answers for hidden %s exactly as for an unknown name, and records the denial',
    async (name) => {
      for (const args of [{ id: 1 }, { id: 'x' }, {}, { id: 1, more: 2 }]) {
        const hidden = await call(site.runtime, wish(name, args));
        const unknown = await call(site.runtime, wish(`${name}x`, args));
        expect(hidden).toMatchObject({
          status: 'error',
          error: { code: 'CALL_UNKNOWN_ENDPOINT', message: `Unknown tool: ${name}` },
        });
        expect(Object.keys(hidden).sort()).toEqual(Object.keys(unknown).sort());
        expect(recordsOf(hidden)).toMatchObject([{ policy_decision: 'deny' }]);
      }
      expect(listedTools()).not.toContain(name);
    },
  );

  it('tells the operator on the command line about the denial', async () => {
    const caller = site.runtime.callerOf('cli');
    const outcome = await call(site.runtime, wish('staff', { id: 1 }, { caller, context: context('cli') }));
    expect(outcome).toMatchObject({
      status: 'denied',
      error: { code: 'POLICY_DENIED', message: 'Staff only' },
    });
  });

  it('bounds the calls of one endpoint at once, and stops one that the client cancels', async () => {
    const client = new AbortController();
    const running = call(site.runtime, wish('slow', {}, { signal: client.signal }));
    expect(codeOf(await call(site.runtime, wish('slow', {})))).toBe('CALL_OVERLOADED');
    client.abort();
    expect(codeOf(await running)).toBe('CALL_CANCELLED');
  });

  it('keeps the reason of a transport that stops a call itself', async () => {
    const signal = AbortSignal.abort(new ShuttingDownError('The server is stopping'));
    expect(codeOf(await call(site.runtime, wish('slow', {}, { signal })))).toBe('CALL_SHUTTING_DOWN');
  });
});

function listedTools(): string[] {
  const { runtime } = site;
  const listing = listOperations(runtime, runtime.callerOf('http'), context('http'), 'tool');
  return listing.operations.map(({ endpoint }) => endpoint.name);
}

describe('listOperations', () => {
  it('gives the same object to the same class of callers', () => {
    const { runtime } = site;
    const list = (): unknown => listOperations(runtime, runtime.callerOf('http'), context('http'), 'tool');
    expect(list()).toBe(list());
    expect(listedTools()).toEqual(['add', 'count', 'first', 'slow']);
  });
});

describe('complete', () => {
  it.each([
    ['colour', 'g', ['green']],
    ['colour', '', ['red', 'green', 'blue']],
    ['pin', '', []],
    ['nothing', '', []],
    ['__proto__', '', []],
  ])('completes %s from %j to %j, on record', async (argument, value, values) => {
    const { runtime } = site;
    const request = {
      kind: 'prompt',
      name: 'ask',
      argument,
      value,
      caller: runtime.callerOf('http'),
      context: context('http'),
    } as const;
    const { outcome, completion } = await complete(runtime, request);
    expect(completion?.values).toEqual(values);
    expect(recordsOf(outcome)).toMatchObject([{ operation_type: 'completion', operation_status: 'success' }]);
  });

  it('answers for a prompt that a rule over arguments hides as for an unknown one, and records the denial', async () => {
    const { runtime } = site;
    const caller = runtime.callerOf('http');
    const request = {
      kind: 'prompt',
      argument: 'colour',
      value: '',
      caller,
      context: context('http'),
    } as const;
    const { outcome, completion } = await complete(runtime, { ...request, name: 'secret' });
    expect(completion).toBeUndefined();
    expect(outcome).toMatchObject({
      status: 'error',
      error: { code: 'CALL_UNKNOWN_ENDPOINT', message: 'Unknown prompt: secret' },
      policy: { decision: 'n/a', traces: [] },
    });
    expect(recordsOf(outcome)).toMatchObject([{ policy_decision: 'deny', policy_rule: 'late-prompt' }]);
  });
});

describe('callerOf', () => {
  it('notes once, without values, why a role could not be decided', async () => {
    const assign = 'authorization: {assign: [{role: boss, when: "user.claims.team == \'x\'"}]}\n';
    const own = await openSite({ 'mxcp-site.yml': files['mxcp-site.yml'] + assign });
    const notes = (): string[] => own.logger.lines.filter((line) => line.includes('assign of role boss'));
    expect(own.runtime.callerOf('http').role).toBe('anonymous');
    expect(own.runtime.callerOf('http').role).toBe('anonymous');
    expect(notes()).toHaveLength(1);
    await own.close();
  });
});

describe('resources that more than one URI matches', () => {
  const read = (own: OpenSite, uri: string): Promise<Outcome> =>
    call(own.runtime, {
      kind: 'resource',
      name: uri,
      arguments: undefined,
      caller: own.runtime.callerOf('http'),
      context: context('http'),
    });
  const hidden = `mxcp: 1
resource:
  uri: data://secret
  return: {type: string}
  source: {code: "SELECT 'hidden'"}
  policies: {input: [{condition: "user.role != 'staff'", action: deny}]}
`;
  const template = `mxcp: 1
resource:
  uri: data://{id}
  parameters: [{name: id, type: string}]
  return: {type: string}
  source: {code: "SELECT 'public ' || $id"}
`;

  it('gives a caller what he would get if the hidden one did not exist', async () => {
    const own = await openSite({
      'mxcp-site.yml': files['mxcp-site.yml'],
      'resources/hidden.yml': hidden,
      'resources/template.yml': template,
    });
    expect(await read(own, 'data://secret')).toMatchObject({
      released: { value: 'public secret' },
      endpoint: { uri: 'data://{id}' },
    });
    expect(await read(own, 'data://other')).toMatchObject({ released: { value: 'public other' } });
    await own.close();
  });
});

describe('SQL that a caller wrote', () => {
  it('is on record before it runs, whatever becomes of the process', async () => {
    const own = await openSite({
      'mxcp-site.yml': `mxcp: 1
project: free
profile: default
sql_tools: {enabled: true}
profiles: {default: {duckdb: {path: ":memory:", external_access: false}}}
`,
    });
    const { runtime } = own;
    const request = {
      kind: 'tool',
      name: 'execute_sql_query',
      arguments: { sql: 'SELECT 41 + 1 AS x' },
    } as const;
    const outcome = await call(runtime, {
      ...request,
      caller: runtime.callerOf('http'),
      context: context('http'),
    });
    const mine = own.records().filter((record) => record['call_id'] === outcome.callId);
    expect(mine.map((record) => record['operation_status'])).toEqual(['started', 'success']);
    expect(mine[0]).toMatchObject({ input_data: { sql: 'SELECT ? + ? AS x' } });
    await own.close();
  });
});

describe('closing', () => {
  it('refuses new calls, cancels the ones that outlast the grace, and records both', async () => {
    const own = await openSite(files);
    const request = { ...wish('slow', {}), caller: own.runtime.callerOf('http') };
    const running = call(own.runtime, request);
    const closed = own.runtime.close(20);
    const refused = await call(own.runtime, request);
    expect(codeOf(refused)).toBe('CALL_SHUTTING_DOWN');
    expect(codeOf(await running)).toBe('CALL_SHUTTING_DOWN');
    await closed;
    const endings = own.records().filter((record) => record['error_code'] === 'CALL_SHUTTING_DOWN');
    expect(endings).toHaveLength(2);
    expect(own.runtime.ready()).toBe(false);
  });

  it('closes the database also when the stop cannot be recorded', async () => {
    const own = await openSite(files);
    const closed = vi.spyOn(own.runtime.database, 'close');
    rmSync(dirname(own.runtime.project.audit.path), { recursive: true });
    await expect(own.runtime.close()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(closed).toHaveBeenCalledOnce();
    rmSync(dirname(own.runtime.project.root), { recursive: true });
  });
});

describe('a query that nobody can stop', () => {
  it('keeps the place of its endpoint until it ends, though its caller was answered', async () => {
    const own = await openSite({
      'mxcp-site.yml': files['mxcp-site.yml'],
      'tools/stubborn.yml': `mxcp: 1
tool:
  name: stubborn
  limits: {timeout: 50ms, concurrency: 1}
  parameters: [{name: text, type: string, default: x}]
  source: {code: "SELECT levenshtein(repeat($text, 20000), repeat('y', 20000)) AS n"}
`,
    });
    const { runtime } = own;
    const ask = async (): Promise<string> => {
      const caller = runtime.callerOf('http');
      const request = { kind: 'tool', name: 'stubborn', arguments: {}, caller } as const;
      const outcome = await call(runtime, { ...request, context: context('http') });
      return outcome.status === 'success' ? 'success' : outcome.error.code;
    };
    expect(await ask()).toBe('EXECUTE_TIMEOUT');
    expect(await ask()).toBe('CALL_OVERLOADED');
    expect(runtime.ready()).toBe(true);
    await vi.waitUntil(async () => (await ask()) === 'EXECUTE_TIMEOUT', { timeout: 20_000 });
    await own.close();
  }, 30_000);
});
