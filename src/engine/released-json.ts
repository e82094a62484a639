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
