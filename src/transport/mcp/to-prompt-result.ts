import type { GetPromptResult } from '@modelcontextprotocol/server';
import { InternalError } from '../../errors.js';
import type { PromptEndpoint } from '../../model/endpoint.js';
import type { Outcome, RenderedMessage } from '../../model/outcome.js';

interface WireMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** MCP has no `system` role: such a message becomes a user's, joined by a blank line to a user's that follows it. */
function withoutSystem(messages: readonly RenderedMessage[]): WireMessage[] {
  const wire: WireMessage[] = [];
  let afterSystem = false;
  for (const { role, text } of messages) {
    const previous = wire.at(-1);
    if (afterSystem && previous !== undefined && role !== 'assistant') {
      wire[wire.length - 1] = { role: 'user', text: `${previous.text}\n\n${text}` };
    } else {
      wire.push({ role: role === 'assistant' ? 'assistant' : 'user', text });
    }
    afterSystem = role === 'system';
  }
  return wire;
}

/** The answer of `prompts/get` (spec page 09). */
export function toPromptResult(
  outcome: Outcome & { status: 'success' },
  endpoint: PromptEndpoint,
): GetPromptResult {
  const { released, callId } = outcome;
  if (released.form !== 'messages') throw new InternalError(`A prompt released the form ${released.form}`);
  return {
    _meta: { call_id: callId },
    ...(endpoint.description !== undefined && { description: endpoint.description }),
    messages: withoutSystem(released.messages).map(({ role, text }) => ({
      role,
      content: { type: 'text', text },
    })),
  };
}
