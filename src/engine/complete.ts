import type { Caller } from '../model/caller.js';
import type { CallRequest, RequestContext } from '../model/call.js';
import type { Json } from '../model/json.js';
import type { Outcome, Released } from '../model/outcome.js';
import type { TypeNode } from '../model/type-node.js';
import type { Subject } from '../policy/subject.js';
import { chargeCall } from './charge.js';
import { authorizeEarly, concealing } from './authorize-early.js';
import { permit } from './permit.js';
import { noteDecision, type Progress } from './progress.js';
import { recorded } from './recorded.js';
import { unknownEndpoint } from './resolve.js';
import type { Runtime } from './runtime.js';

/** A wish for values of one argument (MCP `completion/complete`). */
export interface CompletionRequest {
  readonly kind: 'prompt' | 'resource';
  /** Name of the prompt, or the resource's URI template. */
  readonly name: string;
  readonly argument: string;
  /** What has been typed so far. */
  readonly value: string;
  readonly caller: Caller;
  readonly context: RequestContext;
}

/** Values that fit, best first. */
export interface Completion {
  readonly values: readonly string[];
  /** Number of all values that fit. */
  readonly total: number;
  readonly hasMore: boolean;
}

/** What MCP allows in one answer. */
const maxValues = 100;

function textOf(value: Json): string[] {
  return typeof value === 'string'
    ? [value]
    : value === null || typeof value === 'object'
      ? []
      : [String(value)];
}

/** `enum` and `examples` of a parameter that is not sensitive; of a boolean, its two values. */
function candidates(node: TypeNode | undefined): string[] {
  if (node === undefined || node.sensitive === true) return [];
  if (node.enum !== undefined) return node.enum.flatMap(textOf);
  if (node.type === 'boolean') return ['true', 'false'];
  return [...new Set((node.examples ?? []).flatMap(textOf))];
}

function matching(values: readonly string[], typed: string): Completion {
  const prefix = typed.toLowerCase();
  const fitting = values.filter((value) => value.toLowerCase().startsWith(prefix));
  return { values: fitting.slice(0, maxValues), total: fitting.length, hasMore: fitting.length > maxValues };
}

/**
 * Completes an argument from the declared values of its parameter: a call of kind `completion` (spec page 09), recorded,
 * under the input rules that read no argument and under those that deny this caller whatever the arguments. `completion`
 * is absent when the outcome is not a success.
 */
export async function complete(
  runtime: Runtime,
  request: CompletionRequest,
): Promise<{ readonly outcome: Outcome; readonly completion?: Completion }> {
  const { kind, name, argument, value, caller, context } = request;
  const typed = Object.assign(Object.create(null) as Record<string, string>, { [argument]: value });
  const call: CallRequest = { kind, name, arguments: typed, caller, context };
  let completion: Completion | undefined;
  const stages = async (progress: Progress): Promise<Released> => {
    const operation = runtime.registry.find(kind, name);
    progress.operation = operation;
    progress.rate = await chargeCall(runtime, caller, context, operation);
    completion = completeFor(runtime, progress, argument, value);
    const values = [...completion.values];
    return { form: 'value', value: values, json: JSON.stringify(values), truncated: false };
  };
  const outcome = await recorded(runtime, call, stages, 'completion');
  return outcome.status === 'success' && completion ? { outcome, completion } : { outcome };
}

function completeFor(runtime: Runtime, progress: Progress, argument: string, value: string): Completion {
  const { kind, name, caller, context } = progress.request;
  const { operation } = progress;
  if (operation === undefined) throw unknownEndpoint(kind, name);
  permit(runtime, progress, operation);
  const subject: Subject = { caller, request: context, endpoint: operation.subject };
  authorizeEarly(runtime, progress, operation, subject);
  concealing(runtime, progress, operation, subject, () => {
    const denial = operation.rules.hiddenBy(subject);
    if (denial) noteDecision(progress, { denial, traces: [] }, 'input');
  });
  const parameter = operation.endpoint.parameters.find((one) => one.name === argument);
  return matching(candidates(parameter?.node), value);
}
