import { deepFreeze } from '../lib/freeze.js';
import type { ReleaseEffects } from '../model/effects.js';
import type { JsonObject } from '../model/json.js';
import type { Mask, Parameter, TypeNode } from '../model/type-node.js';
import { parametersNode } from './arguments.js';
import { newDraft, typeSchema, type Draft, type SchemaOf } from './type-schema.js';

/**
 * The advertised schema of a call's arguments. What it accepts is what `compileArguments` accepts without having to
 * coerce, but for what no schema says: NUL, lone surrogates, days that no calendar has, integers that a JSON number may
 * have rounded.
 */
export function inputSchema(parameters: readonly Parameter[]): JsonObject {
  const schemaOf: SchemaOf = (node, position) => typeSchema(node, position, schemaOf);
  const root = parametersNode(parameters);
  const draft = typeSchema(root, 'argument', (node, position) => {
    const parameter = parameters.find((each) => each.node === node);
    const schema = typeSchema(node, position, schemaOf);
    if (parameter?.header === true) addHeader(schema, parameter);
    return schema;
  });
  return deepFreeze(draft);
}

/** MCP 2026-07-28 (SEP-2243) wants one primitive type beside the header's name: a null then comes as a missing argument. */
function addHeader(schema: Draft, { name, node }: Parameter): void {
  schema['type'] = node.type;
  schema['x-mcp-header'] = name;
}

/**
 * The advertised schema of a result that stays true whatever the output rules do for any caller (spec page 03, "Over
 * MCP"). The root is as declared: wrapping it for older protocol revisions is the transport's.
 */
export function outputSchema(returns: TypeNode, effects: ReleaseEffects): JsonObject {
  const altered = alteredNodes(returns, effects);
  const schemaOf: SchemaOf = (node, position) => {
    const schema = typeSchema(node, position, schemaOf);
    if (altered.has(node)) loosen(schema, node, effects);
    if (node === returns && effects.rowsDroppable) loosenRows(schema);
    const masks = node === returns ? undefined : effects.masked.get(node);
    return masks === undefined || masks.length === 0 ? schema : anyOf(schema, masks);
  };
  return deepFreeze(schemaOf(returns, 'result-root'));
}

/** The nodes with something below them that a rule can mask or remove. */
function alteredNodes(root: TypeNode, effects: ReleaseEffects): ReadonlySet<TypeNode> {
  const altered = new Set<TypeNode>();
  const visit = (node: TypeNode): boolean => {
    const children = [
      ...(node.properties ?? []).map((each) => each.node),
      ...(node.items ? [node.items] : []),
    ];
    const below = children.filter((child) => visit(child)).length > 0;
    if (below) altered.add(node);
    return below || effects.masked.has(node) || effects.removable.has(node);
  };
  visit(root);
  return altered;
}

/** What no longer holds when something inside changes: equality with a whole, and differences between items. */
function loosen(schema: Draft, node: TypeNode, effects: ReleaseEffects): void {
  delete schema['enum'];
  delete schema['uniqueItems'];
  const { required } = schema;
  if (!Array.isArray(required)) return;
  const gone = new Set(
    node.properties?.filter((each) => effects.removable.has(each.node)).map((each) => each.name),
  );
  const kept = required.filter((name) => typeof name === 'string' && !gone.has(name));
  if (kept.length > 0) schema['required'] = kept;
  else delete schema['required'];
}

function loosenRows(schema: Draft): void {
  delete schema['minItems'];
  delete schema['enum'];
}

function anyOf(schema: Draft, masks: readonly Mask[]): Draft {
  const described = newDraft();
  if (schema['description'] !== undefined) described['description'] = schema['description'];
  delete schema['description'];
  const shapes = new Map(masks.map((mask) => [JSON.stringify(mask), maskSchema(mask)]));
  described['anyOf'] = [schema, ...shapes.values()];
  return described;
}

/** What a mask leaves (spec page 04, "Actions"); one that does not apply to a value gives `****`. */
function maskSchema(mask: Mask): JsonObject {
  switch (mask.kind) {
    case 'full':
      return { const: '****' };
    case 'null':
      return { type: 'null' };
    case 'constant':
      return { const: mask.value };
    case 'hash':
      return { type: 'string', pattern: '^(?:[0-9a-f]{16}|[*]{4})$' };
    case 'email':
    case 'phone':
    case 'last4':
    case 'api_key':
      return { type: 'string' };
  }
}
