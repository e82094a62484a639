import type { Endpoint } from '../model/endpoint.js';
import type { Json } from '../model/json.js';
import type { Released, RenderedMessage } from '../model/outcome.js';
import type { Produced } from './executor.js';

function isMessage(item: Json): item is { role: RenderedMessage['role']; text: string } {
  return typeof item === 'object' && item !== null && 'role' in item && 'text' in item;
}

/** The single text in a result that is one BLOB value: the value itself, or that of its only row and column. */
function soleText(value: Json): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value) || value.length !== 1) return undefined;
  const [row] = value as readonly Json[];
  if (typeof row !== 'object' || row === null) return undefined;
  const [text, ...others]: Json[] = Object.values(row);
  return typeof text === 'string' && others.length === 0 ? text : undefined;
}

/** Gives a released value the form in which it leaves (spec page 09, resources and prompts). */
export function releasedForm(
  endpoint: Endpoint,
  produced: Produced,
  value: Json,
  changed: boolean,
): Released {
  if (endpoint.kind === 'prompt' && Array.isArray(value)) {
    return { form: 'messages', messages: (value as readonly Json[]).filter(isMessage) };
  }
  const base64 = endpoint.kind === 'resource' && produced.blob && !changed ? soleText(value) : undefined;
  if (base64 !== undefined) return { form: 'blob', base64 };
  return { form: 'value', value, json: JSON.stringify(value), truncated: produced.truncated };
}
