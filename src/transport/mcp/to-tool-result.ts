import type { CallToolResult } from '@modelcontextprotocol/server';
import { InternalError, type MxcpError } from '../../errors.js';
import type { ContentBlock } from '../../model/content.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { Outcome } from '../../model/outcome.js';
import { presentError } from '../present-error.js';
import type { Era } from './era.js';

/** What a cut result says in its text; its `_meta` says `truncated: true`. */
const truncatedNote =
  '\n\n[Truncated: the result passed a limit of this endpoint. Narrow the call to see all of it.]';

/** The parts of a tool result, before they take a form on the wire. */
export interface ToolAnswer {
  readonly meta: JsonObject;
  /** The value, already JSON text, exactly once. */
  readonly json: string;
  readonly value: Json;
  readonly structured: 'none' | 'natural' | 'wrapped';
  readonly content: readonly ContentBlock[];
}

/**
 * How a tool's value is given as `structuredContent` (spec page 03, "Over MCP"): not at all without a declared return;
 * as it is when the schema's root is an object or the revision allows any JSON value; else below `result`.
 */
export function structuredForm(outputSchema: JsonObject | undefined, era: Era): ToolAnswer['structured'] {
  if (outputSchema === undefined) return 'none';
  return era === 'legacy' && outputSchema['type'] !== 'object' ? 'wrapped' : 'natural';
}

/** The answer of a call that succeeded: one text block and the same JSON as structured content, or the body's own blocks. */
export function toToolAnswer(
  outcome: Outcome & { status: 'success' },
  structured: ToolAnswer['structured'],
): ToolAnswer {
  const { released, callId } = outcome;
  if (released.form === 'content')
    return {
      meta: { call_id: callId },
      json: 'null',
      value: null,
      structured: 'none',
      content: released.blocks,
    };
  if (released.form !== 'value') throw new InternalError(`A tool released the form ${released.form}`);
  const { json } = released;
  return {
    meta: released.truncated ? { call_id: callId, truncated: true } : { call_id: callId },
    json,
    value: released.value,
    structured,
    content: [{ type: 'text', text: released.truncated ? json + truncatedNote : json }],
  };
}

/** The protocol's result object, for the SDK. */
export function toToolResult(answer: ToolAnswer): CallToolResult {
  const { value, structured } = answer;
  return {
    _meta: { ...answer.meta },
    content: [...answer.content],
    ...(structured !== 'none' && { structuredContent: structured === 'wrapped' ? { result: value } : value }),
  };
}

/** A failure that a model can act on, as a tool result (spec page 09, "Errors"). */
export function toToolError(error: MxcpError, callId: string): CallToolResult {
  const { text, meta } = presentError(error, callId);
  return { _meta: { ...meta }, content: [{ type: 'text', text }], isError: true };
}
