import { BodyFailedError } from '../errors.js';
import type { Json, JsonObject } from '../model/json.js';

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const fieldTypes = new Set<Json>(['string', 'number', 'integer', 'boolean']);
const maxFields = 50;

/** The fields of a form. Throws `BodyFailedError` for anything but the flat objects that MCP allows. */
function fieldsOf(schema: JsonObject): readonly (readonly [string, JsonObject])[] {
  const { type, properties } = schema;
  const fields = type === 'object' && isObject(properties) ? Object.entries(properties) : [];
  const flat = fields.every(([, field]) => isObject(field) && fieldTypes.has(field['type'] ?? null));
  if (fields.length === 0 || fields.length > maxFields || !flat) {
    throw new BodyFailedError(
      'ctx.elicit needs a schema of type object whose properties are strings, numbers or booleans',
    );
  }
  return fields as [string, JsonObject][];
}

const kept = ['type', 'minimum', 'maximum', 'minLength', 'maxLength', 'format'];
const formats = new Set<Json>(['email', 'uri', 'date', 'date-time']);

/** Lengths and bounds are numbers, and a format is one of MCP's: any other text is the author's. */
function isBare([key, value]: readonly [string, Json]): boolean {
  if (!kept.includes(key)) return false;
  return key === 'type' || (key === 'format' ? formats.has(value) : typeof value === 'number');
}

/**
 * A form without the texts that its author wrote, for a call whose result a rule can change: they may say what the rule
 * hides (spec page 04, "Everything that leaves").
 */
export function bareForm(schema: JsonObject): JsonObject {
  const properties = fieldsOf(schema).map(([name, field]): [string, JsonObject] => [
    name,
    Object.fromEntries(Object.entries(field).filter(isBare)),
  ]);
  const names = Array.isArray(schema['required']) ? (schema['required'] as readonly Json[]) : [];
  const required = properties.flatMap(([name]) => (names.includes(name) ? [name] : []));
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
  };
}

function within(size: number, low: Json | undefined, high: Json | undefined): boolean {
  return (typeof low !== 'number' || size >= low) && (typeof high !== 'number' || size <= high);
}

function fitsField(field: JsonObject, value: Json): boolean {
  const { type, minLength, maxLength, minimum, maximum } = field;
  const choices = field['enum'];
  if (Array.isArray(choices) && !choices.includes(value)) return false;
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'string')
    return typeof value === 'string' && within(Array.from(value).length, minLength, maxLength);
  if (typeof value !== 'number' || (type === 'integer' && !Number.isSafeInteger(value))) return false;
  return within(value, minimum, maximum);
}

/**
 * An answer of a client as a body gets it: `{action, content?}`, content only when accepted and only what the form asks
 * for. Undefined for one that does not fit. Throws as `bareForm` does.
 */
export function readAnswer(schema: JsonObject, answer: unknown): JsonObject | undefined {
  const fields = fieldsOf(schema);
  const given = answer as { readonly action?: unknown; readonly content?: Json } | null;
  const action = typeof given === 'object' ? given?.action : undefined;
  if (action === 'decline' || action === 'cancel') return { action };
  const content = given?.content;
  if (action !== 'accept' || !isObject(content)) return undefined;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const read = fields.filter(([name]) => Object.hasOwn(content, name) || required.includes(name));
  const fits = read.every(([name, field]) => {
    return Object.hasOwn(content, name) && fitsField(field, content[name] ?? null);
  });
  if (!fits) return undefined;
  return { action, content: Object.fromEntries(read.map(([name]) => [name, content[name] ?? null])) };
}
