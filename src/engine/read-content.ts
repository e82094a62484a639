import { InvalidResultError } from '../errors.js';
import { isObject } from '../lib/is-object.js';
import type { ContentBlock } from '../model/content.js';
import type { PromptRole } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import type { RenderedMessage } from '../model/outcome.js';

function refuse(what: string): never {
  throw new InvalidResultError(`The body returned ${what}`, '');
}

function member(from: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

function text(from: JsonObject, name: string): string {
  const value = member(from, name);
  return typeof value === 'string' ? value : refuse(`a block of content without ${name}`);
}

function optional<K extends string>(from: JsonObject, names: readonly K[]): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const name of names) {
    const value = member(from, name);
    if (typeof value === 'string') found[name] = value;
  }
  return found;
}

/** Together with a length that 4 divides. A group that is repeated would fill the stack of the engine with a large text. */
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function bytes(from: JsonObject, name: string): string {
  const value = text(from, name);
  return value.length % 4 === 0 && base64.test(value)
    ? value
    : refuse(`a block of content whose ${name} is not base64`);
}

/** One block as a worker sent it: its known members only, each checked. Throws `InvalidResultError`. */
export function readBlock(value: Json): ContentBlock {
  if (!isObject(value)) return refuse('a block of content that is no object');
  switch (member(value, 'type')) {
    case 'text':
      return { type: 'text', text: text(value, 'text') };
    case 'image':
      return { type: 'image', data: bytes(value, 'data'), mimeType: text(value, 'mimeType') };
    case 'audio':
      return { type: 'audio', data: bytes(value, 'data'), mimeType: text(value, 'mimeType') };
    case 'resource_link': {
      const more = optional(value, ['title', 'description', 'mimeType']);
      return { type: 'resource_link', uri: text(value, 'uri'), name: text(value, 'name'), ...more };
    }
    case 'resource': {
      const resource = member(value, 'resource');
      if (!isObject(resource)) return refuse('an embedded resource that is no object');
      const named = { uri: text(resource, 'uri'), ...optional(resource, ['mimeType']) };
      const blob = member(resource, 'blob') === undefined ? undefined : bytes(resource, 'blob');
      const contents = blob === undefined ? { ...named, text: text(resource, 'text') } : { ...named, blob };
      return { type: 'resource', resource: contents };
    }
    default:
      return refuse('a block of content of an unknown type');
  }
}

const roles: readonly PromptRole[] = ['system', 'user', 'assistant'];

function readPromptMessage(value: Json): RenderedMessage {
  if (!isObject(value)) return refuse('a message that is no object');
  const role = roles.find((each) => each === member(value, 'role'));
  if (role === undefined) return refuse('a message without a role (system, user or assistant)');
  const content = member(value, 'content');
  if (typeof content === 'string') return { role, text: content };
  if (content === undefined) return refuse('a message without content');
  const block = readBlock(content);
  return block.type === 'text' ? { role, text: block.text } : { role, text: '', block };
}

/** The messages of a prompt whose body is TypeScript; a text alone is one message of the user. Throws `InvalidResultError`. */
export function readMessages(value: Json): RenderedMessage[] {
  if (typeof value === 'string') return [{ role: 'user', text: value }];
  if (!Array.isArray(value)) return refuse('no messages: a prompt needs a text or a list of {role, content}');
  return (value as readonly Json[]).map(readPromptMessage);
}
