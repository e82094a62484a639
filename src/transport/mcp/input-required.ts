import type { InputRequiredResult } from '@modelcontextprotocol/server';
import type { InputRequiredError, MxcpError } from '../../errors.js';

/** True for a call that ended with a question. */
export function asksInput(error: MxcpError): error is InputRequiredError {
  return error.code === 'INPUT_REQUIRED';
}

/** The answer that asks the client to ask, and to repeat the request (MCP 2026-07-28, input-required round trips). */
export function toInputRequired(
  { question, state }: InputRequiredError,
  callId: string,
): InputRequiredResult {
  const { key, schema, message } = question;
  const params = { mode: 'form' as const, message, requestedSchema: schema };
  return {
    resultType: 'input_required',
    _meta: { code: 'INPUT_REQUIRED', call_id: callId },
    inputRequests: { [key]: { method: 'elicitation/create', params } },
    requestState: state,
  } as InputRequiredResult;
}
