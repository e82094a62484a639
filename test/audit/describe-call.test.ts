import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDescriber, describeCall, type CallDescription } from '../../src/audit/describe-call.js';
import { describeRefusal, describeServerEvent } from '../../src/audit/describe-event.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import type { AuditEntry } from '../../src/audit/entry.js';
import {
  CredentialInvalidError,
  ExecuteFailedError,
  InvalidArgumentsError,
  PolicyDeniedError,
  UnknownEndpointError,
} from '../../src/errors.js';
import { schemaCompiler } from '../../src/lib/schema.js';
import type { CallRequest } from '../../src/model/call.js';
import type { Caller } from '../../src/model/caller.js';
import type { Endpoint, ToolEndpoint } from '../../src/model/endpoint.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { AuditSettings } from '../../src/model/settings.js';
import type { TypeNode } from '../../src/model/type-node.js';
import { auditSettings, makeSite, readRecords, siteSecret } from './support.js';

const origin = { file: 'tools/x.yml', line: 1, column: 1 };
const text = (more: Partial<TypeNode> = {}): TypeNode => ({ type: 'string', origin, ...more });

const caller: Caller = {
  source: 'asserted',
  key: 'local|anna',
  userId: '7',
  username: 'anna',
  email: 'anna@example.com',
  name: 'Anna',
  provider: 'local',
  role: 'hr',
  roles: ['hr'],
  permissions: [],
  groups: [],
  capabilities: [],
  scopes: 'all',
  claims: {},
  osUser: 'root',
  clientId: null,
};

const tool: ToolEndpoint = {
  kind: 'tool',
  name: 'salaries',
  tags: [],
  parameters: [
    { name: 'department', node: text(), header: false },
    { name: 'pin', node: text({ sensitive: true }), header: false },
  ],
  policies: { input: [], output: [] },
  limits: { timeoutMs: 1000, maxRows: 1, maxScanRows: 1, maxBytes: 1, onLimit: 'error' },
  tests: [],
  origin,
  dynamicSql: false,
  scopes: [],
  unreleasedText: false,
  annotations: {},
  body: { language: 'sql', source: { text: 'SELECT 1', origin, indent: 0 } },
};

const resource: Endpoint = {
  ...tool,
  kind: 'resource',
  name: 'emp://{pin}/{department}',
  uri: 'emp://{pin}/{department}',
  body: { language: 'sql', source: { text: 'SELECT 1', origin, indent: 0 } },
};

const policy = { decision: 'allow', traces: [] } as const;
const success: Outcome = {
  status: 'success',
  callId: 'c',
  durationMs: 1.23456,
  policy,
  released: {
    form: 'value',
    value: [{ a: 'secret value' }, { a: 2 }],
    json: '[{"a":"secret value"},{"a":2}]',
    truncated: false,
  },
};

function request(more: Partial<CallRequest> = {}): CallRequest {
  const context = {
    transport: 'http',
    id: 'r',
    time: 1_763_632_800_123_456,
    headers: { cookie: 'x' },
  } as const;
  return { kind: 'tool', name: 'salaries', arguments: {}, caller, context, ...more };
}

function described(call: Partial<CallDescription>, settings: Partial<AuditSettings> = {}): AuditEntry {
  const describer = createDescriber({
    settings: auditSettings('/x.jsonl', settings),
    siteSecret,
    projectDigest: 'digest',
  });
  return describeCall(describer, { request: request(), endpoint: tool, callId: 'c', ...call });
}

describe('the record of a call', () => {
  it('says who, what, when, how it ended and how much left', () => {
    const bound = { department: 'sales', pin: '1234' };
    expect(described({ arguments: bound, outcome: success })).toMatchObject({
      timestamp: '2025-11-20T10:00:00.123456Z',
      operation_type: 'tool',
      operation_name: 'salaries',
      operation_status: 'success',
      caller_type: 'http',
      user_id: '7',
      user_key: 'local|anna',
      os_user: 'root',
      role: 'hr',
      scopes: 'all',
      duration_ms: 1.235,
      input_data: { department: 'sales', pin: '[REDACTED]' },
      output_rows: 2,
      output_bytes: 30,
      project_digest: 'digest',
      policy_decision: 'allow',
    });
    expect(JSON.stringify(described({ arguments: bound, outcome: success }))).not.toMatch(
      /secret value|1234"/,
    );
  });

  it('keeps the released value, redacted, only when asked', () => {
    expect(described({ outcome: success }, { output: 'full' }).output_data).toMatchObject([
      { a: 'secret value' },
      { a: 2 },
    ]);
    expect(described({ outcome: success }).output_data).toBeUndefined();
  });

  it('of arguments that did not bind has kinds and lengths of declared names only', () => {
    const raw = { department: 'not bound', pin: ['x', 'y'], injected: 'text', __proto__: { a: 1 } };
    const error = new InvalidArgumentsError([{ path: 'department', message: 'no' }]);
    const entry = described({
      request: request({ arguments: raw }),
      outcome: { status: 'error', callId: 'c', durationMs: 0, policy, error },
    });
    expect(entry.input_data).toEqual({
      department: { kind: 'string', length: 9 },
      pin: { kind: 'array', length: 2 },
    });
    expect(described({ endpoint: undefined, request: request({ arguments: raw }) }).input_data).toEqual({});
  });

  it('has no sensitive argument in an error text or a reason', () => {
    const bound = { department: 'sales', pin: 'S3CR3T' };
    const error = new ExecuteFailedError("Could not convert string 'S3CR3T' to INT32, Bearer abcdefghijk");
    const failed = described({
      arguments: bound,
      outcome: { status: 'error', callId: 'c', durationMs: 0, policy, error },
    });
    expect(failed).toMatchObject({
      error_code: 'EXECUTE_FAILED',
      error: "Could not convert string '[REDACTED]' to INT32, Bearer [REDACTED]",
    });
    const raw = request({ arguments: { pin: { nested: ['RAWPIN'] } } });
    const refused = new PolicyDeniedError('pin RAWPIN is wrong', 'r', 'input');
    const report = {
      decision: 'deny',
      rule: 'r',
      ruleHash: 'h',
      reason: 'pin RAWPIN is wrong',
      traces: [],
    } as const;
    const denied = described({
      request: raw,
      outcome: { status: 'denied', callId: 'c', durationMs: 0, policy: report, error: refused },
    });
    expect(denied).toMatchObject({
      operation_status: 'error',
      policy_decision: 'deny',
      policy_reason: 'pin [REDACTED] is wrong',
      error: 'pin [REDACTED] is wrong',
    });
  });

  it.each([
    ['hunter2secret', 'hunter2secret'],
    [{ pins: 'hunter2secret' }, 'hunter2secret'],
    [['hunter2secret'], 'hunter2secret'],
    [424242, '424242'],
  ])(
    'has nothing in an error text that was sent where sensitive values are declared below: %j',
    (sent, quoted) => {
      const pins: TypeNode = { type: 'array', items: text({ sensitive: true }), origin };
      const endpoint = { ...tool, parameters: [{ name: 'pins', node: pins, header: false }] };
      const error = new ExecuteFailedError(`expected an array, got ${quoted}`);
      const failed = described({
        endpoint,
        request: request({ arguments: { pins: sent } }),
        outcome: { status: 'error', callId: 'c', durationMs: 0, policy, error },
      });
      expect(failed.error).toBe('expected an array, got [REDACTED]');
    },
  );

  it('names every rule that was asked, and what it did', () => {
    const trace = {
      id: 'r1',
      hash: 'h1',
      action: 'mask_fields',
      shadow: false,
      matched: true,
      changed: 2,
    } as const;
    const traces = [
      trace,
      { ...trace, id: 'r2', matched: false },
      { ...trace, id: 'r3', shadow: true, matched: 'not-evaluable', error: 'no such key' },
    ] as const;
    const entry = described({ outcome: { ...success, policy: { decision: 'warn', traces } } });
    expect(entry.policies_evaluated).toEqual(['r1', 'r2', 'r3']);
    expect(entry.policy_actions).toEqual([
      { rule: 'r1', hash: 'h1', action: 'mask_fields', matched: true, changed: 2 },
    ]);
    expect(entry.policy_shadow).toEqual([
      {
        rule: 'r3',
        hash: 'h1',
        action: 'mask_fields',
        matched: 'not-evaluable',
        changed: 2,
        error: 'no such key',
      },
    ]);
  });

  it.each([
    ['emp://S3CR3T/more', 'emp://[11 characters]'],
    ['emp:S3CR3T', 'emp:[6 characters]'],
    ['S3CR3T $& $1', '[12 characters]'],
    [`emp://S3CR3T${'x'.repeat(300)}`, 'emp://[306 characters]'],
  ])('shows nothing but scheme and length of a URI that is no resource: %s', (name, wanted) => {
    const error = new UnknownEndpointError(`Resource not found: ${name.slice(0, 256)}`);
    const entry = described({
      request: request({ kind: 'resource', name }),
      endpoint: undefined,
      outcome: { status: 'error', callId: 'c', durationMs: 0, policy, error },
    });
    expect([entry.resource_uri, entry.operation_name]).toEqual([wanted, wanted]);
    expect(entry.error).toBe(`Resource not found: ${wanted}`);
    expect(JSON.stringify(entry)).not.toContain('S3CR3T');
  });

  it.each([
    ['emp://S3CR3T/sales', 'emp://[REDACTED]/sales'],
    ['emp://S3CR3T/a/b/c', 'emp://{pin}/{department}'],
  ])('has no sensitive parameter in the URI %s', (name, wanted) => {
    const entry = described({
      request: request({ kind: 'resource', name }),
      endpoint: resource,
      outcome: success,
    });
    expect([entry.resource_uri, entry.operation_name]).toEqual([wanted, 'emp://{pin}/{department}']);
  });

  it('has no field in the URI that the site shows in part only', () => {
    const call = {
      request: request({ kind: 'resource', name: 'emp://S3CR3T/sales' }),
      endpoint: resource,
      outcome: success,
    };
    const entry = described(call, { redactFields: { Department: 'partial' } });
    expect(entry.resource_uri).toBe('emp://[REDACTED]/[REDACTED]');
  });

  it('of an unknown resource has no secret of its query either', () => {
    const name = 'x://y?api_key=abc&q=1&token=def';
    const error = new UnknownEndpointError(`Resource not found: ${name}`);
    const entry = described({
      request: request({ kind: 'resource', name }),
      endpoint: undefined,
      outcome: { status: 'error', callId: 'c', durationMs: 0, policy, error },
    });
    const shown = 'x://[27 characters]';
    expect([entry.resource_uri, entry.operation_name]).toEqual([shown, shown]);
    expect(entry.error).toBe(`Resource not found: ${shown}`);
  });

  it('has no literals of a statement, unless the site keeps them', () => {
    const endpoint: Endpoint = {
      ...tool,
      name: 'execute_sql_query',
      parameters: [{ name: 'sql', node: text(), header: false }],
      body: { language: 'builtin', tool: 'execute_sql_query' },
    };
    const bound = { sql: "SELECT * FROM t WHERE name = 'Anna'" };
    expect(described({ endpoint, arguments: bound }).input_data).toEqual({
      sql: 'SELECT * FROM t WHERE name = ?',
    });
    expect(described({ endpoint, arguments: bound }, { sql: 'full' }).input_data).toEqual(bound);
    expect(described({ endpoint: undefined, operationType: 'admin', arguments: bound }).input_data).toEqual({
      sql: 'SELECT * FROM t WHERE name = ?',
    });
  });
});

describe('every line that is written', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/audit-record.schema.json', import.meta.url), 'utf8'),
  ) as object;
  const validate = schemaCompiler({ strictRequired: false }).compile(schema);

  it('fits the published schema, whatever was in the call', async () => {
    const site = makeSite({ output: 'full' });
    const describer = createDescriber({ settings: site.settings, siteSecret, projectDigest: 'd'.repeat(64) });
    const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
    const evil = '\ud800\u0000"\\\n\u2028' + 'x'.repeat(100_000);
    const context = {
      transport: 'http',
      id: evil,
      time: Date.now() * 1000,
      headers: {},
      ip: evil,
      userAgent: evil,
      client: { name: evil, version: evil },
      sessionId: evil,
      traceId: evil,
    } as const;
    const cyclic: Record<string, unknown> = {};
    cyclic['department'] = cyclic;
    const calls: Partial<CallDescription>[] = [
      { request: request({ context, name: evil, arguments: cyclic }), endpoint: undefined },
      { request: request({ context, kind: 'resource', name: evil }), endpoint: resource, outcome: success },
      { arguments: { department: evil, pin: null, '10': 1, '9': 2, ['__proto__']: 'x' }, outcome: success },
      { outcome: { ...success, released: { form: 'messages', messages: [{ role: 'user', text: evil }] } } },
      { outcome: { ...success, released: { form: 'blob', base64: 'AAAA' } } },
      {
        outcome: {
          ...success,
          policy: {
            decision: 'warn',
            traces: Array.from({ length: 3000 }, (_, index) => ({
              id: `rule-${index}`,
              hash: 'h',
              action: 'deny',
              shadow: false,
              matched: true,
              changed: 0,
            })),
          },
        },
      },
      {
        outcome: { status: 'error', callId: 'c', durationMs: 0, policy, error: new ExecuteFailedError(evil) },
      },
    ];
    for (const call of calls)
      await log.append(describeCall(describer, { request: request(), endpoint: tool, callId: 'c', ...call }));
    await log.refuse(describeRefusal(describer, context, new CredentialInvalidError('no')));
    const rules = Array.from({ length: 500 }, (_, index) => ({
      id: `r${index}`,
      hash: 'a'.repeat(64),
      text: 'user.role == "hr" && '.repeat(20),
    }));
    const events = describeServerEvent(describer, {
      event: 'start',
      transport: 'http',
      details: { port: 8000 },
      rules,
    });
    for (const event of events) await log.append(event);
    await log.close();
    const records = readRecords(site.folder);
    expect(records).toHaveLength(1 + calls.length + 1 + events.length);
    for (const record of records) expect(validate(record), JSON.stringify(validate.errors)).toBe(true);
    const texts = records.flatMap(
      (record) => (record['input_data'] as { rules?: { text: string }[] }).rules ?? [],
    );
    expect(texts).toEqual(rules);
  });
});
