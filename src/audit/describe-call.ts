import type { CallRequest, RequestContext } from '../model/call.js';
import type { Caller } from '../model/caller.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import type { Outcome, PolicyReport, Released } from '../model/outcome.js';
import type { AuditSettings } from '../model/settings.js';
import type { TypeNode } from '../model/type-node.js';
import type { AuditEntry } from './entry.js';
import { createKeyedHash } from './keyed-hash.js';
import { redactSql } from './redact-sql.js';
import { redactUri } from './redact-uri.js';
import { createRedactor, type Redactor } from './redact.js';
import { hasSensitive, hideArguments } from './sensitive-texts.js';
import { formatMicros } from './timestamp.js';

/** What describing needs to know of a site; made once per runtime. */
export interface Describer {
  readonly settings: AuditSettings;
  readonly redactor: Redactor;
  readonly projectDigest: string | undefined;
}

/** The describer of a site. `siteSecret` is the root of the key for hashed values. */
export function createDescriber(options: {
  readonly settings: AuditSettings;
  readonly siteSecret?: string | undefined;
  readonly projectDigest?: string | undefined;
}): Describer {
  const { settings, siteSecret, projectDigest } = options;
  return { settings, projectDigest, redactor: createRedactor(settings, createKeyedHash(siteSecret)) };
}

/** One call, as it is known when a record of it is due. */
export interface CallDescription {
  readonly request: CallRequest;
  /** Absent: no such endpoint. */
  readonly endpoint?: Endpoint | undefined;
  readonly callId: string;
  /** Canonical arguments. Absent when they did not bind, or were not asked for yet. */
  readonly arguments?: JsonObject | undefined;
  /** Absent: the call starts. */
  readonly outcome?: Outcome | undefined;
  /** Size of the answer where it is known; else it is measured. */
  readonly outputBytes?: number | undefined;
  readonly parentCallId?: string | undefined;
  /** `completion` for a completion request; else the request's kind. */
  readonly operationType?: 'completion' | undefined;
  readonly executionEvents?: readonly Json[] | undefined;
}

/** The record of a call, redacted; `started` when it has no outcome yet (spec page 05). Never throws, whatever the arguments are. */
export function describeCall(describer: Describer, call: CallDescription): AuditEntry {
  const { request, endpoint, outcome } = call;
  const { redactor } = describer;
  const nodes = parameterNodes(endpoint);
  return {
    ...describeRequest(describer, request.caller, request.context),
    operation_type: call.operationType ?? request.kind,
    operation_name: endpoint?.name ?? redactor.name(request.name),
    resource_uri:
      request.kind === 'resource' ? redactUri(request.name, endpoint, nodes, redactor) : undefined,
    operation_status: outcome === undefined ? 'started' : outcome.status === 'success' ? 'success' : 'error',
    call_id: call.callId,
    parent_call_id: call.parentCallId,
    input_data: describeInput(describer, call, nodes),
    execution_events: call.executionEvents === undefined ? undefined : redactor.value(call.executionEvents),
    ...(outcome === undefined ? notYet : describeOutcome(describer, call, outcome, nodes)),
  };
}

const notYet = { duration_ms: 0, policy_decision: 'n/a' } as const;

/** The fields that tell who asked, from where. Names that a stranger may have chosen are cut. */
export function describeRequest(
  describer: Describer,
  caller: Caller | undefined,
  context: RequestContext,
): Pick<AuditEntry, Exclude<keyof AuditEntry, RestOfEntry>> {
  const name = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : describer.redactor.name(text);
  return {
    timestamp: formatMicros(context.time),
    caller_type: context.transport,
    client_name: name(context.client?.name),
    client_version: name(context.client?.version),
    ip: name(context.ip),
    user_agent: name(context.userAgent),
    session_id: name(context.sessionId),
    trace_id: name(context.traceId),
    project_digest: describer.projectDigest,
    ...(caller === undefined ? undefined : describeCaller(caller)),
  };
}

type RestOfEntry =
  'operation_type' | 'operation_name' | 'operation_status' | 'duration_ms' | 'policy_decision' | 'input_data';

function describeCaller(caller: Caller): Partial<AuditEntry> {
  return {
    user_id: present(caller.userId),
    user_key: present(caller.key),
    username: present(caller.username),
    role: caller.role,
    provider: present(caller.provider),
    identity_source: caller.source,
    os_user: caller.source === 'asserted' ? present(caller.osUser) : undefined,
    client_id: present(caller.clientId),
    scopes: caller.scopes,
  };
}

function present(text: string | null): string | undefined {
  return text ?? undefined;
}

const noNodes: ReadonlyMap<string, TypeNode> = new Map();
const nodesByEndpoint = new WeakMap<Endpoint, ReadonlyMap<string, TypeNode>>();
const sensitiveByEndpoint = new WeakMap<Endpoint, boolean>();

function parameterNodes(endpoint: Endpoint | undefined): ReadonlyMap<string, TypeNode> {
  if (endpoint === undefined) return noNodes;
  let nodes = nodesByEndpoint.get(endpoint);
  if (nodes === undefined) {
    nodes = new Map(endpoint.parameters.map(({ name, node }) => [name, node]));
    nodesByEndpoint.set(endpoint, nodes);
    sensitiveByEndpoint.set(
      endpoint,
      endpoint.parameters.some(({ node }) => hasSensitive(node)),
    );
  }
  return nodes;
}

function describeInput(
  { settings, redactor }: Describer,
  { request, endpoint, arguments: bound }: CallDescription,
  nodes: ReadonlyMap<string, TypeNode>,
): JsonObject {
  if (bound === undefined) return describeUnbound(request.arguments, nodes);
  const isQuery =
    endpoint?.kind === 'tool' &&
    endpoint.body.language === 'builtin' &&
    endpoint.body.tool === 'execute_sql_query';
  const sql = bound['sql'];
  if (!isQuery || settings.sql === 'full' || typeof sql !== 'string') return redactor.named(bound, nodes);
  return redactor.named({ ...bound, sql: redactSql(sql) }, nodes);
}

/** Of arguments that did not bind: kind and length of those that are declared. */
function describeUnbound(raw: unknown, nodes: ReadonlyMap<string, TypeNode>): JsonObject {
  const described = Object.create(null) as Record<string, Json>;
  if (typeof raw !== 'object' || raw === null) return described;
  for (const name of [...nodes.keys()].sort()) {
    if (Object.hasOwn(raw, name)) described[name] = kindOf((raw as Record<string, unknown>)[name]);
  }
  return described;
}

function kindOf(value: unknown): JsonObject {
  if (value === null) return { kind: 'null' };
  if (typeof value === 'string') return { kind: 'string', length: value.length };
  if (Array.isArray(value)) return { kind: 'array', length: value.length };
  if (typeof value === 'object') return { kind: 'object', length: Object.keys(value).length };
  return { kind: typeof value };
}

function describeOutcome(
  describer: Describer,
  call: CallDescription,
  outcome: Outcome,
  nodes: ReadonlyMap<string, TypeNode>,
): Partial<AuditEntry> & Pick<AuditEntry, 'duration_ms' | 'policy_decision'> {
  const { redactor } = describer;
  const clean = (text: string): string => redactor.text(withoutArguments(text, call, nodes));
  return {
    duration_ms: Math.round(outcome.durationMs * 1000) / 1000,
    ...describePolicy(outcome.policy, clean),
    ...(outcome.status === 'success'
      ? describeOutput(describer, call, outcome.released)
      : { error_code: outcome.error.code, error: clean(outcome.error.message) }),
  };
}

function withoutArguments(text: string, call: CallDescription, nodes: ReadonlyMap<string, TypeNode>): string {
  if (call.endpoint === undefined || sensitiveByEndpoint.get(call.endpoint) !== true) return text;
  const once = hideArguments(text, call.arguments, nodes);
  return hideArguments(once, call.request.arguments, nodes);
}

function describePolicy(
  policy: PolicyReport,
  clean: (text: string) => string,
): Partial<AuditEntry> & Pick<AuditEntry, 'policy_decision'> {
  const { traces } = policy;
  const acted = traces.filter(({ shadow, matched }) => !shadow && matched !== false);
  const shadows = traces.filter(({ shadow, matched }) => shadow && matched !== false);
  const describe = (trace: PolicyReport['traces'][number]): JsonObject => ({
    action: trace.action,
    changed: trace.changed,
    ...(trace.error === undefined ? {} : { error: clean(trace.error) }),
    hash: trace.hash,
    matched: trace.matched,
    rule: trace.id,
  });
  return {
    policy_decision: policy.decision,
    policy_rule: policy.rule,
    policy_rule_hash: policy.ruleHash,
    policy_reason: policy.reason === undefined ? undefined : clean(policy.reason),
    policies_evaluated: traces.length === 0 ? undefined : traces.map(({ id }) => id),
    policy_actions: acted.length === 0 ? undefined : acted.map(describe),
    policy_shadow: shadows.length === 0 ? undefined : shadows.map(describe),
  };
}

function describeOutput(
  { settings, redactor }: Describer,
  call: CallDescription,
  released: Released,
): Partial<AuditEntry> {
  const bytes = call.outputBytes ?? sizeOf(released);
  const rows = rowsOf(released);
  if (settings.output === 'none') return { output_rows: rows, output_bytes: bytes };
  const returns =
    call.endpoint !== undefined && 'returns' in call.endpoint ? call.endpoint.returns : undefined;
  return { output_rows: rows, output_bytes: bytes, output_data: keepOutput(redactor, released, returns) };
}

function keepOutput(redactor: Redactor, released: Released, returns: TypeNode | undefined): Json {
  switch (released.form) {
    case 'value':
      return redactor.value(released.value, returns);
    case 'blob':
      return redactor.value(released.base64, returns);
    case 'messages':
      return redactor.value(released.messages);
  }
}

function sizeOf(released: Released): number {
  switch (released.form) {
    case 'value':
      return Buffer.byteLength(JSON.stringify(released.value));
    case 'blob':
      return Buffer.byteLength(released.base64, 'base64');
    case 'messages':
      return released.messages.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  }
}

function rowsOf(released: Released): number {
  if (released.form === 'messages') return released.messages.length;
  return released.form === 'value' && Array.isArray(released.value) ? released.value.length : 1;
}
