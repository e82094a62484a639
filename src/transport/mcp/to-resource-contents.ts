import type { ReadResourceResult } from '@modelcontextprotocol/server';
import { InternalError } from '../../errors.js';
import type { ResourceEndpoint } from '../../model/endpoint.js';
import type { Outcome, Released } from '../../model/outcome.js';

type Contents = ReadResourceResult['contents'][number];

function toContents(released: Released, uri: string, mimeType: string | undefined): Contents {
  if (released.form === 'messages' || released.form === 'content')
    throw new InternalError(`A resource released the form ${released.form}`);
  if (released.form === 'blob') {
    return { uri, mimeType: mimeType ?? 'application/octet-stream', blob: released.base64 };
  }
  const asItIs = mimeType === undefined || mimeType.startsWith('text/');
  if (typeof released.value === 'string' && asItIs) {
    return { uri, mimeType: mimeType ?? 'text/plain', text: released.value };
  }
  return { uri, mimeType: mimeType ?? 'application/json', text: released.json };
}

/**
 * The answer of `resources/read` (spec page 09): a string of a `text/*` or undeclared type as it is, a BLOB value as
 * `blob`, everything else as JSON text.
 */
export function toResourceContents(
  outcome: Outcome & { status: 'success' },
  uri: string,
  endpoint: ResourceEndpoint,
): ReadResourceResult {
  const { released, callId } = outcome;
  const truncated = released.form === 'value' && released.truncated;
  return {
    _meta: { call_id: callId, ...(truncated && { truncated: true }) },
    contents: [toContents(released, uri, endpoint.mimeType)],
  };
}
