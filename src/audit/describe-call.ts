import type { CallRequest, RequestContext } from '../model/call.js';
import type { Caller } from '../model/caller.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import type { Outcome, PolicyReport, Released, RuleTrace } from '../model/outcome.js';
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
  /** `completion` for a completion request, `admin` for the operator's own SQL; else the request's kind. */
  readonly operationType?: 'completion' | 'admin' | undefined;
  readonly executionEvents?: readonly Json[] | undefined;
}

/** The record of a call, redacted; `started` when it has no outcome yet (spec page 05). Never throws, whatever the arguments are. */
export function describeCall(describer: Describer, call: CallDescription): AuditEntry {
  const { request, endpoint, outcome } = call;
  const { redactor } = describer;
  const nodes = parameterNodes(endpoint);
  const ending = outcome === undefined ? notYet : describeOutcome(describer, call, outcome, nodes);
  const named: NamedOperation = {
    operation_type: call.operationType ?? request.kind,
    operation_name: endpoint?.name ?? redactor.name(request.name),
    operation_status: outcome === undefined ? 'started' : outcome.status === 'success' ? 'success' : 'error',
    resource_uri:
      request.kind === 'resource' ? redactUri(request.name, endpoint, nodes, redactor) : undefined,
    call_id: call.callId,
    parent_call_id: call.parentCallId,
    input_data: describeInput(describer, call, nodes),
    execution_events: call.executionEvents === undefined ? undefined : redactor.value(call.executionEvents),
  };
  return assembleEntry(describer, request.caller, request.context, named, ending);
}

/** What was asked. */
type NamedOperation = Pick<
  AuditEntry,
  | 'operation_type'
  | 'operation_name'
  | 'operation_status'
  | 'resource_uri'
  | 'call_id'
  | 'parent_call_id'
  | 'input_data'
  | 'execution_events'
>;

/** How it ended. */
interface Ending {
  readonly durationMs: number;
  readonly errorCode?: string | undefined;
  readonly error?: string | undefined;
  readonly policy: DescribedPolicy;
  readonly output?: DescribedOutput | undefined;
}

interface DescribedPolicy {
  readonly decision: PolicyReport['decision'];
  readonly rule?: string | undefined;
  readonly ruleHash?: string | undefined;
  readonly reason?: string | undefined;
  readonly evaluated?: Json | undefined;
  readonly actions?: Json | undefined;
  readonly shadow?: Json | undefined;
}

interface DescribedOutput {
  readonly rows: number;
  readonly bytes: number;
  readonly data?: Json | undefined;
}

const notYet: Ending = { durationMs: 0, policy: { decision: 'n/a' } };

/**
 * Puts an entry together. One literal with every field, because objects of one shape are several times cheaper than
 * objects made of parts, and this runs once per call.
 */
export function assembleEntry(
  describer: Describer,
  caller: Caller | undefined,
  context: RequestContext,
  named: NamedOperation,
  ending: Ending,
): AuditEntry {
  const { redactor } = describer;
  const { policy, output } = ending;
  return {
    timestamp: formatMicros(context.time),
    operation_type: named.operation_type,
    operation_name: named.operation_name,
    operation_status: named.operation_status,
    resource_uri: named.resource_uri,
    call_id: named.call_id,
    parent_call_id: named.parent_call_id,
    input_data: named.input_data,
    execution_events: named.execution_events,
    duration_ms: ending.durationMs,
    error_code: ending.errorCode,
    error: ending.error,
    policy_decision: policy.decision,
    policy_rule: policy.rule,
    policy_rule_hash: policy.ruleHash,
    policy_reason: policy.reason,
    policies_evaluated: policy.evaluated,
    policy_actions: policy.actions,
    policy_shadow: policy.shadow,
    output_rows: output?.rows,
    output_bytes: output?.bytes,
    output_data: output?.data,
    caller_type: context.transport,
    client_name: nameOf(redactor, context.client?.name),
    client_version: nameOf(redactor, context.client?.version),
    ip: nameOf(redactor, context.ip),
    user_agent: nameOf(redactor, context.userAgent),
    session_id: nameOf(redactor, context.sessionId),
    trace_id: nameOf(redactor, context.traceId),
    project_digest: describer.projectDigest,
    user_id: caller?.userId ?? undefined,
    user_key: caller?.key ?? undefined,
    username: caller?.username ?? undefined,
    role: caller?.role,
    provider: caller?.provider ?? undefined,
    identity_source: caller?.source ?? 'anonymous',
    os_user: caller?.source === 'asserted' ? (caller.osUser ?? undefined) : undefined,
    client_id: caller?.clientId ?? undefined,
    scopes: caller?.scopes,
    business_context: undefined,
  };
}

function nameOf(redactor: Redactor, text: string | undefined): string | undefined {
  return text === undefined ? undefined : redactor.name(text);
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
): Ending {
  const clean = (text: string): string => describer.redactor.text(withoutArguments(text, call, nodes));
  const durationMs = Math.round(outcome.durationMs * 1000) / 1000;
  const policy = describePolicy(outcome.policy, clean);
  if (outcome.status === 'success') {
    return { durationMs, policy, output: describeOutput(describer, call, outcome.released) };
  }
  return { durationMs, policy, errorCode: outcome.error.code, error: clean(outcome.error.message) };
}

function withoutArguments(text: string, call: CallDescription, nodes: ReadonlyMap<string, TypeNode>): string {
  if (call.endpoint === undefined || sensitiveByEndpoint.get(call.endpoint) !== true) return text;
  const once = hideArguments(text, call.arguments, nodes);
  return hideArguments(once, call.request.arguments, nodes);
}

function describeTrace(trace: RuleTrace, clean: (text: string) => string): JsonObject {
  const { id: rule, hash, action, changed, matched, error } = trace;
  return error === undefined
    ? { action, changed, hash, matched, rule }
    : { action, changed, error: clean(error), hash, matched, rule };
}

/** The traces that had an effect, or would have had one. */
function describeTraces(
  traces: readonly RuleTrace[],
  shadow: boolean,
  clean: (text: string) => string,
): readonly JsonObject[] | undefined {
  const matched = traces.filter((trace) => trace.shadow === shadow && trace.matched !== false);
  return matched.length === 0 ? undefined : matched.map((trace) => describeTrace(trace, clean));
}

function describePolicy(policy: PolicyReport, clean: (text: string) => string): DescribedPolicy {
  const { decision, rule, ruleHash, reason, traces } = policy;
  return {
    decision,
    rule,
    ruleHash,
    reason: reason === undefined ? undefined : clean(reason),
    evaluated: traces.length === 0 ? undefined : traces.map(({ id }) => id),
    actions: describeTraces(traces, false, clean),
    shadow: describeTraces(traces, true, clean),
  };
}

function describeOutput(
  { settings, redactor }: Describer,
  call: CallDescription,
  released: Released,
): DescribedOutput {
  const bytes = call.outputBytes ?? sizeOf(released);
  const rows = rowsOf(released);
  if (settings.output === 'none') return { rows, bytes };
  const returns =
    call.endpoint !== undefined && 'returns' in call.endpoint ? call.endpoint.returns : undefined;
  return { rows, bytes, data: keepOutput(redactor, released, returns) };
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
      return Buffer.byteLength(released.json);
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
