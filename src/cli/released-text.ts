import { releasedJson } from '../engine/released-json.js';
import type { Released } from '../model/outcome.js';

/** What a call released, as text: of a prompt, its messages below each other; of a string, itself; else JSON. */
export function releasedText(released: Released): string {
  if (released.form === 'messages') return released.messages.map(({ text }) => text).join('\n');
  const value = releasedJson(released);
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
