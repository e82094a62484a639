import type { CallRequest, RequestContext } from '../model/call.js';
import type { Caller } from '../model/caller.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import type { Outcome } from '../model/outcome.js';
import type { AuditSettings } from '../model/settings.js';
import type { TypeNode } from '../model/type-node.js';
import {
  describeOutput,
  describePolicy,
  type DescribedOutput,
  type DescribedPolicy,
} from './describe-outcome.js';
import type { AuditEntry } from './entry.js';
import { createKeyedHash } from './keyed-hash.js';
import { redactSql } from './redact-sql.js';
import { hideQuery, redactUri, withoutUnknownUri } from './redact-uri.js';
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
  /** What the body told for the record. */
  readonly businessContext?: JsonObject | undefined;
}

/** The record of a call, redacted; `started` when it has no outcome yet (spec page 05). Never throws, whatever the arguments are. */
export function describeCall(describer: Describer, call: CallDescription): AuditEntry {
  const { request, endpoint, outcome } = call;
  const { redactor } = describer;
  const nodes = parameterNodes(endpoint);
  const ending = outcome === undefined ? notYet : describeOutcome(describer, call, outcome, nodes);
  const uri = request.kind === 'resource' ? redactUri(request.name, endpoint, nodes, redactor) : undefined;
  const named: NamedOperation = {
    operation_type: call.operationType ?? request.kind,
    operation_name: endpoint?.name ?? uri ?? redactor.name(request.name),
    operation_status: outcome === undefined ? 'started' : outcome.status === 'success' ? 'success' : 'error',
    resource_uri: uri,
    call_id: call.callId,
    parent_call_id: call.parentCallId,
    input_data: describeInput(describer, call, nodes),
    execution_events: call.executionEvents === undefined ? undefined : redactor.value(call.executionEvents),
    business_context: call.businessContext && redactor.named(call.businessContext, noNodes),
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
  | 'business_context'
>;

/** How it ended. */
interface Ending {
  readonly durationMs: number;
  readonly errorCode?: string | undefined;
  readonly error?: string | undefined;
  readonly policy: DescribedPolicy;
  readonly output?: DescribedOutput | undefined;
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
    business_context: named.business_context,
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

function isSqlTool(endpoint: Endpoint | undefined): boolean {
  if (endpoint?.kind !== 'tool' || endpoint.body.language !== 'builtin') return false;
  return endpoint.body.tool === 'execute_sql_query';
}

function describeInput(
  { settings, redactor }: Describer,
  call: CallDescription,
  nodes: ReadonlyMap<string, TypeNode>,
): JsonObject {
  const { request, arguments: bound } = call;
  if (bound === undefined) return describeUnbound(request.arguments, nodes);
  const isQuery = call.operationType === 'admin' || isSqlTool(call.endpoint);
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
  const { redactor } = describer;
  const clean = (text: string): string => {
    const hidden = withoutArguments(text, call, nodes);
    if (call.request.kind !== 'resource') return redactor.text(hidden);
    const known = call.endpoint === undefined ? withoutUnknownUri(hidden, call.request.name) : hidden;
    return redactor.text(hideQuery(known, redactor));
  };
  const durationMs = Math.round(outcome.durationMs * 1000) / 1000;
  const policy = describePolicy(outcome.policy, clean);
  if (outcome.status === 'success') {
    const output = describeOutput(outcome.released, call.outputBytes, outputToKeep(describer, call));
    return { durationMs, policy, output };
  }
  return { durationMs, policy, errorCode: outcome.error.code, error: clean(outcome.error.message) };
}

function outputToKeep(
  { settings, redactor }: Describer,
  { endpoint }: CallDescription,
): { redactor: Redactor; returns: TypeNode | undefined } | undefined {
  if (settings.output === 'none') return undefined;
  return {
    redactor,
    returns: endpoint !== undefined && 'returns' in endpoint ? endpoint.returns : undefined,
  };
}

function withoutArguments(text: string, call: CallDescription, nodes: ReadonlyMap<string, TypeNode>): string {
  if (call.endpoint === undefined || sensitiveByEndpoint.get(call.endpoint) !== true) return text;
  const once = hideArguments(text, call.arguments, nodes);
  return hideArguments(once, call.request.arguments, nodes);
}
