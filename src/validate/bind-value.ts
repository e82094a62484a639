import type { Json } from '../model/json.js';
import type { TypeNode } from '../model/type-node.js';
import { bindObject } from './bind-object.js';
import { compileEnum } from './equal-values.js';
import { toArray, toBoolean, toInteger, toNumber, toText, type Coerced } from './coerce.js';
import { describeValue } from './describe-value.js';
import { copyFree } from './free-value.js';
import { isFull, pathText, report, reportFault, type Bind, type Binding, type Refuse } from './binding.js';
import { compileNumberCheck, compileSizeCheck, compileStringCheck, compileUniqueCheck } from './keywords.js';
import { acceptsNull, hasSensitive } from './semantics.js';
import { spendValues } from './spend-values.js';
import { compileTransforms } from './transforms.js';

/**
 * Compiles coercion, transforms and checks of one node, defaults below it included (spec page 03, "Arguments"). `hidden`:
 * the value is sensitive, or part of one that is.
 */
export function compileBind(node: TypeNode, hidden: boolean): Bind {
  const secret = hidden || node.sensitive === true;
  const refuse = refusalOf(node, hidden || hasSensitive(node));
  const bind = withEnum(node, refuse, compileTyped(node, secret, refuse));
  if (!acceptsNull(node, 'argument')) return bind;
  return (value, binding) => (value === null ? null : bind(value, binding));
}

/**
 * With an `enum`, whatever is wrong is told by listing it. `secret`: the value is, may hold, or is meant for what is
 * sensitive (`hunter2` where a list of sensitive texts is declared).
 */
function refusalOf(node: TypeNode, secret: boolean): Refuse {
  const list = node.enum === undefined ? undefined : enumText(node.enum);
  return (expectation, value, binding) => {
    if (list === undefined) reportFault(binding, expectation, describeValue(value, secret));
    else report(binding, `Invalid value for ${pathText(binding.path)}. Must be one of: ${list}`);
    return null;
  };
}

const listedValues = 50;

function enumText(values: readonly Json[]): string {
  const listed = values.slice(0, listedValues).map((value) => JSON.stringify(value));
  const rest = values.length - listed.length;
  return `[${listed.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}]`;
}

function withEnum(node: TypeNode, refuse: Refuse, bind: Bind): Bind {
  if (node.enum === undefined) return bind;
  const isMember = compileEnum(node.enum);
  return (value, binding) => {
    const before = binding.issues.length;
    const bound = bind(value, binding);
    if (binding.issues.length > before || isFull(binding) || isMember(bound)) return bound;
    return refuse('', value, binding);
  };
}

function compileTyped(node: TypeNode, hidden: boolean, refuse: Refuse): Bind {
  switch (node.type) {
    case 'string':
      return bindString(node, refuse);
    case 'integer':
      return bindNumeric(node, toInteger, refuse);
    case 'number':
      return bindNumeric(node, toNumber, refuse);
    case 'boolean':
      return (value, binding) => {
        const coerced = toBoolean(value);
        return coerced.ok ? coerced.value : refuse(coerced.expectation, value, binding);
      };
    case 'array':
      return bindArray(node, hidden, refuse);
    case 'object':
      return bindObject(node, hidden, compileBind, refuse);
  }
}

function bindString(node: TypeNode, refuse: Refuse): Bind {
  const transform = compileTransforms(node.transform);
  const check = compileStringCheck(node, 'argument');
  return (value, binding) => {
    const coerced = toText(value);
    if (!coerced.ok) return refuse(coerced.expectation, value, binding);
    const text = transform === undefined ? coerced.value : transform(coerced.value);
    const expectation = check?.(text);
    return expectation === undefined ? text : refuse(expectation, value, binding);
  };
}

function bindNumeric(
  node: TypeNode,
  coerce: (value: unknown) => Coerced<number | string>,
  refuse: Refuse,
): Bind {
  const check = compileNumberCheck(node);
  return (value, binding) => {
    const coerced = coerce(value);
    if (!coerced.ok) return refuse(coerced.expectation, value, binding);
    const bound = coerced.value;
    const expectation = check?.(typeof bound === 'string' ? BigInt(bound) : bound);
    return expectation === undefined ? bound : refuse(expectation, value, binding);
  };
}

function bindArray(node: TypeNode, hidden: boolean, refuse: Refuse): Bind {
  const size = compileSizeCheck(node);
  const unique = compileUniqueCheck(node);
  const bindItem: Bind =
    node.items === undefined
      ? (value, binding) => copyFree(value, binding, hidden)
      : compileBind(node.items, hidden);
  return (value, binding) => {
    const coerced = toArray(value);
    if (!coerced.ok) return refuse(coerced.expectation, value, binding);
    if (typeof value === 'string') spendValues(coerced.value, binding);
    const wrongSize = size?.(coerced.value);
    if (wrongSize !== undefined) return refuse(wrongSize, coerced.value, binding);
    const before = binding.issues.length;
    const items = bindItems(coerced.value, bindItem, binding);
    if (unique === undefined || binding.issues.length > before || isFull(binding)) return items;
    const repeated = unique(items);
    return repeated === undefined ? items : refuse(repeated, items, binding);
  };
}

function bindItems(items: readonly unknown[], bindItem: Bind, binding: Binding): Json[] {
  const bound: Json[] = [];
  for (let index = 0; index < items.length && !isFull(binding); index++) {
    binding.path.push(index);
    bound.push(bindItem(items[index], binding));
    binding.path.pop();
  }
  return bound;
}
