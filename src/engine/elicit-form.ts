import { BodyFailedError } from '../errors.js';
import { isObject } from '../lib/is-object.js';
import type { Json, JsonObject } from '../model/json.js';

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

const formats = new Set<Json>(['email', 'uri', 'date', 'date-time']);

/** A form that says nothing of its author's, and how an answer to it becomes one to his. */
export interface BareForm {
  readonly schema: JsonObject;
  readonly restore: (answer: JsonObject) => JsonObject;
}

/**
 * A form of the same kinds of fields, for a call whose result a rule can change: names, texts and bounds of its author may
 * say what the rule hides (spec page 04, "Everything that leaves"). `readAnswer` holds the restored answer to his bounds.
 */
export function bareForm(schema: JsonObject): BareForm {
  const names = Array.isArray(schema['required']) ? (schema['required'] as readonly Json[]) : [];
  const fields = fieldsOf(schema).map(([name, { type, format }], index) => ({
    name,
    bare: `field_${index + 1}`,
    shown: { type: type ?? null, ...(format !== undefined && formats.has(format) && { format }) },
  }));
  const required = fields.filter(({ name }) => names.includes(name)).map(({ bare }) => bare);
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(fields.map(({ bare, shown }) => [bare, shown])),
      ...(required.length > 0 && { required }),
    },
    restore: (answer) => {
      const { content } = answer;
      if (!isObject(content)) return answer;
      const given = fields.filter(({ bare }) => Object.hasOwn(content, bare));
      const named = given.map(({ name, bare }) => [name, content[bare] ?? null] as const);
      return { ...answer, content: Object.fromEntries(named) };
    },
  };
}

function within(size: number, low: Json | undefined, high: Json | undefined): boolean {
  return (typeof low !== 'number' || size >= low) && (typeof high !== 'number' || size <= high);
}

/** What a field may be, where its form lists that: plain, or with a title each. */
function choicesOf(field: JsonObject): readonly Json[] | undefined {
  const plain = field['enum'];
  if (Array.isArray(plain)) return plain as readonly Json[];
  const titled = field['oneOf'];
  if (!Array.isArray(titled)) return undefined;
  return (titled as readonly Json[]).map((each) => (isObject(each) ? (each['const'] ?? null) : null));
}

function fitsField(field: JsonObject, value: Json): boolean {
  const { type, minLength, maxLength, minimum, maximum } = field;
  if (choicesOf(field)?.includes(value) === false) return false;
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
