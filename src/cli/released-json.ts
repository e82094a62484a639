import type { Json } from '../model/json.js';
import type { Released } from '../model/outcome.js';

/** What a call released, as one JSON value: of a prompt, the list of its messages `{role, prompt}`. */
export function releasedJson(released: Released): Json {
  switch (released.form) {
    case 'value':
      return released.value;
    case 'blob':
      return released.base64;
    case 'content':
      return released.blocks.map((block) => ({ ...block }));
    case 'messages':
      return released.messages.map(({ role, text, block }) => ({
        role,
        prompt: block ? { ...block } : text,
      }));
  }
}

/** What a call released, as text: of a prompt, its messages below each other; of a string, itself; else JSON. */
export function releasedText(released: Released): string {
  if (released.form === 'messages') return released.messages.map(({ text }) => text).join('\n');
  const value = releasedJson(released);
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
