import type { GetPromptResult } from '@modelcontextprotocol/server';
import { InternalError } from '../../errors.js';
import type { PromptEndpoint } from '../../model/endpoint.js';
import type { ContentBlock } from '../../model/content.js';
import type { Outcome, RenderedMessage } from '../../model/outcome.js';

interface WireMessage {
  readonly role: 'user' | 'assistant';
  readonly content: ContentBlock;
}

/** MCP has no `system` role: such a message becomes a user's, joined by a blank line to a user's that follows it. */
function withoutSystem(messages: readonly RenderedMessage[]): WireMessage[] {
  const wire: WireMessage[] = [];
  let afterSystem = false;
  for (const { role, text, block } of messages) {
    const previous = wire.at(-1)?.content;
    const joins = afterSystem && previous?.type === 'text' && role !== 'assistant' && block === undefined;
    if (joins) {
      const content: ContentBlock = { type: 'text', text: `${previous.text}\n\n${text}` };
      wire[wire.length - 1] = { role: 'user', content };
    } else {
      wire.push({
        role: role === 'assistant' ? 'assistant' : 'user',
        content: block ?? { type: 'text', text },
      });
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
    messages: withoutSystem(released.messages),
  };
}
