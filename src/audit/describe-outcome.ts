import type { Json, JsonObject } from '../model/json.js';
import type { PolicyReport, Released, RuleTrace } from '../model/outcome.js';
import type { TypeNode } from '../model/type-node.js';
import type { Redactor } from './redact.js';

/** The policy fields of a record. */
export interface DescribedPolicy {
  readonly decision: PolicyReport['decision'];
  readonly rule?: string | undefined;
  readonly ruleHash?: string | undefined;
  readonly reason?: string | undefined;
  readonly evaluated?: Json | undefined;
  readonly actions?: Json | undefined;
  readonly shadow?: Json | undefined;
}

/** The output fields of a record. */
export interface DescribedOutput {
  readonly rows: number;
  readonly bytes: number;
  readonly data?: Json | undefined;
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

/** The policy fields of a record; `clean` takes what is sensitive out of texts. */
export function describePolicy(policy: PolicyReport, clean: (text: string) => string): DescribedPolicy {
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

/** The output fields of a record: sizes, and with `audit.output: full` the released value, redacted by its declared type. */
export function describeOutput(
  released: Released,
  knownBytes: number | undefined,
  keep: { readonly redactor: Redactor; readonly returns: TypeNode | undefined } | undefined,
): DescribedOutput {
  const bytes = knownBytes ?? sizeOf(released);
  const rows = rowsOf(released);
  if (keep === undefined) return { rows, bytes };
  return { rows, bytes, data: keepOutput(keep.redactor, released, keep.returns) };
}

function keepOutput(redactor: Redactor, released: Released, returns: TypeNode | undefined): Json {
  switch (released.form) {
    case 'value':
      return redactor.value(released.value, returns);
    case 'blob':
      return redactor.value(released.base64, returns);
    case 'content':
      return redactor.value(released.blocks.map(({ type }) => type));
    case 'messages':
      return redactor.value(released.messages.map(({ role, text }) => ({ role, text })));
  }
}

function sizeOf(released: Released): number {
  switch (released.form) {
    case 'value':
      return Buffer.byteLength(released.json);
    case 'blob':
      return Buffer.byteLength(released.base64, 'base64');
    case 'content':
      return Buffer.byteLength(JSON.stringify(released.blocks));
    case 'messages':
      return released.messages.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  }
}

function rowsOf(released: Released): number {
  if (released.form === 'messages') return released.messages.length;
  return released.form === 'value' && Array.isArray(released.value) ? released.value.length : 1;
}
