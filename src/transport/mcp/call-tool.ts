import type { ProtocolError } from '@modelcontextprotocol/server';
import type { MxcpError } from '../../errors.js';
import type { Era } from './era.js';
import { toProtocolError } from './protocol-errors.js';
import { runCall, type Wish } from './run-call.js';
import type { Session } from './session.js';
import { structuredForm, type ToolAnswer, toToolAnswer } from './to-tool-result.js';

/** The three ways in which `tools/call` ends. */
export type ToolEnd =
  | { readonly end: 'answer'; readonly answer: ToolAnswer }
  | { readonly end: 'tool-error'; readonly error: MxcpError; readonly callId: string }
  | { readonly end: 'protocol-error'; readonly error: ProtocolError };

/** Failures of a tool that are about the message rather than the call. */
const protocolFailures: ReadonlySet<MxcpError['code']> = new Set([
  'CALL_UNKNOWN_ENDPOINT',
  'CALL_ENDPOINT_INVALID',
  'ELICIT_STATE_INVALID',
]);

/** In the modern era a capability that the client lacks is told as such. */
function isAboutMessage({ code }: MxcpError, era: Era): boolean {
  return protocolFailures.has(code) || (era === 'modern' && code === 'ELICIT_UNAVAILABLE');
}

/** Runs one `tools/call`; the direct path and the SDK's path differ only in how they write what this gives. */
export async function callTool(session: Session, wish: Omit<Wish, 'kind'>): Promise<ToolEnd> {
  const runtime = session.runtime();
  const result = await runCall(session, runtime, { ...wish, kind: 'tool' });
  if (result.status === 'failed') {
    return isAboutMessage(result.error, session.era)
      ? { end: 'protocol-error', error: toProtocolError('tool', wish.name, result) }
      : { end: 'tool-error', error: result.error, callId: result.callId };
  }
  const outputSchema = runtime.registry.find('tool', wish.name)?.outputSchema();
  return { end: 'answer', answer: toToolAnswer(result, structuredForm(outputSchema, session.era)) };
}
