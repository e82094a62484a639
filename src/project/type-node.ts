import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Json } from '../model/json.js';
import type { Mask, Parameter, Property, StringTransform, TypeName, TypeNode } from '../model/type-node.js';
import { at, booleanOf, entriesOf, itemsOf, originOf, stringOf, stringsOf, type Field } from './field.js';
import { problemOf, problemOfKey, suggestion } from './problems.js';

const typeNames: readonly string[] = [
  'string',
  'integer',
  'number',
  'boolean',
  'array',
  'object',
] satisfies TypeName[];
const transforms: readonly string[] = ['trim', 'lowercase', 'strip_html'] satisfies StringTransform[];
const maskKinds: readonly string[] = ['full', 'email', 'phone', 'last4', 'api_key', 'null', 'hash'];

const isTypeName = (text: string | undefined): text is TypeName =>
  text !== undefined && typeNames.includes(text);
const isTransform = (text: string): text is StringTransform => transforms.includes(text);
const isMaskKind = (text: string): text is Exclude<Mask['kind'], 'constant'> => maskKinds.includes(text);

/** Keywords whose value is copied as it is, with the JavaScript type that it must have. */
const plainKeywords: Readonly<Record<string, 'number' | 'boolean' | 'string'>> = {
  minLength: 'number',
  maxLength: 'number',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
  minItems: 'number',
  maxItems: 'number',
  nullable: 'boolean',
  sensitive: 'boolean',
  uniqueItems: 'boolean',
  additionalProperties: 'boolean',
  format: 'string',
  description: 'string',
  pattern: 'string',
};

/** Keywords that mean something for one kind of type only. */
const keywordsOf: Readonly<Record<string, readonly TypeName[]>> = {
  format: ['string'],
  minLength: ['string'],
  maxLength: ['string'],
  pattern: ['string'],
  transform: ['string'],
  minimum: ['integer', 'number'],
  maximum: ['integer', 'number'],
  exclusiveMinimum: ['integer', 'number'],
  exclusiveMaximum: ['integer', 'number'],
  multipleOf: ['integer', 'number'],
  items: ['array'],
  minItems: ['array'],
  maxItems: ['array'],
  uniqueItems: ['array'],
  properties: ['object'],
  required: ['object'],
  additionalProperties: ['object'],
};

/** Builds a declared type. What the schema has reported already is left out silently; further findings go to `problems`. */
export function buildTypeNode(field: Field, problems: Problem[]): TypeNode {
  const declared = stringOf(at(field, 'type'));
  const type = isTypeName(declared) ? declared : 'string';
  if (isTypeName(declared)) problems.push(...strayKeywords(field, declared), ...unknownRequired(field));
  return {
    type,
    origin: originOf(field),
    ...plainValues(field),
    ...valueKeywords(field),
    ...nestedTypes(field, problems),
  };
}

function plainValues(field: Field): Partial<TypeNode> {
  const found: Record<string, Json> = {};
  for (const [key, { data }] of field.entries ?? []) {
    if (Object.hasOwn(plainKeywords, key) && typeof data === plainKeywords[key]) found[key] = data;
  }
  return found;
}

function valueKeywords(field: Field): Partial<TypeNode> {
  const dflt = field.entries?.get('default');
  const transform = stringsOf(at(field, 'transform')).filter(isTransform);
  const mask = buildMask(field.entries?.get('mask'));
  const list = (key: string): readonly Json[] | undefined => at(field, key)?.items?.map(({ data }) => data);
  const examples = list('examples');
  const allowed = list('enum');
  return {
    ...(dflt !== undefined && { default: dflt.data }),
    ...(examples !== undefined && { examples }),
    ...(allowed !== undefined && { enum: allowed }),
    ...(mask !== undefined && { mask }),
    ...(transform.length > 0 && { transform }),
  };
}

function nestedTypes(field: Field, problems: Problem[]): Partial<TypeNode> {
  const items = at(field, 'items');
  const properties = at(field, 'properties');
  const required = at(field, 'required');
  return {
    ...(items !== undefined && { items: buildTypeNode(items, problems) }),
    ...(properties !== undefined && { properties: buildProperties(properties, problems) }),
    ...(required !== undefined && { required: stringsOf(required) }),
  };
}

function buildProperties(field: Field, problems: Problem[]): readonly Property[] {
  return entriesOf(field).map(([name, child]) => ({ name, node: buildTypeNode(child, problems) }));
}

/** A mask as written: a word, null, or `{constant: …}`; undefined for anything else. */
export function buildMask(field: Field | undefined): Mask | undefined {
  if (field === undefined) return undefined;
  if (field.data === null) return { kind: 'null' };
  if (typeof field.data === 'string') return isMaskKind(field.data) ? { kind: field.data } : undefined;
  const constant = field.entries?.get('constant');
  return constant === undefined ? undefined : { kind: 'constant', value: constant.data };
}

function strayKeywords(field: Field, type: TypeName): readonly Problem[] {
  return entriesOf(field)
    .filter(([key]) => Object.hasOwn(keywordsOf, key) && keywordsOf[key]?.includes(type) === false)
    .filter(([key, { data }]) => key !== 'required' || typeof data !== 'boolean')
    .map(([key, child]) =>
      problemOfKey(child, {
        severity: 'warning',
        rule: 'keyword-without-effect',
        message: `\`${key}\` has no effect on type ${type}`,
        remedy: `It belongs to ${keywordsOf[key]?.join(' or ') ?? ''}.`,
      }),
    );
}

function unknownRequired(field: Field): readonly Problem[] {
  const properties = at(field, 'properties');
  if (properties === undefined) return [];
  const known = entriesOf(properties).map(([name]) => name);
  return itemsOf(at(field, 'required')).flatMap((item) => {
    const name = stringOf(item);
    if (name === undefined || known.includes(name)) return [];
    const message = `Required property "${name}" is not declared in \`properties\``;
    const severity = booleanOf(at(field, 'additionalProperties')) === false ? 'error' : 'warning';
    return [
      problemOf(item, {
        severity,
        rule: 'unknown-property',
        message,
        remedy: suggestion(didYouMean(name, known)),
      }),
    ];
  });
}

/** Builds the parameters of an endpoint; duplicate names are errors. */
export function buildParameters(field: Field | undefined, problems: Problem[]): readonly Parameter[] {
  const seen = new Set<string>();
  return itemsOf(field).flatMap((item) => {
    const named = at(item, 'name');
    const name = stringOf(named);
    const node = buildTypeNode(item, problems);
    if (name === undefined || named === undefined) return [];
    if (seen.has(name))
      problems.push(
        problemOf(named, { rule: 'duplicate-name', message: `There are two parameters "${name}"` }),
      );
    seen.add(name);
    const header = booleanOf(at(item, 'header')) ?? false;
    if (header && node.sensitive === true) problems.push(sensitiveHeader(at(item, 'header') ?? item, name));
    return [{ name, node, header }];
  });
}

function sensitiveHeader(field: Field, name: string): Problem {
  const message = `The sensitive parameter "${name}" cannot be sent as a header`;
  return problemOfKey(field, { rule: 'sensitive-header', message, remedy: 'Remove `header: true`.' });
}
