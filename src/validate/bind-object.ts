import { InternalError } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { deepFreeze } from '../lib/freeze.js';
import type { Json } from '../model/json.js';
import type { Property, TypeNode } from '../model/type-node.js';
import { toObject } from './coerce.js';
import { describeValue, quote } from './describe-value.js';
import { copyMember } from './free-value.js';
import { spendValues } from './spend-values.js';
import { isFull, newBinding, report, reportFault, type Bind, type Binding, type Refuse } from './binding.js';

type Compile = (node: TypeNode, hidden: boolean) => Bind;

interface PropertyBind {
  readonly name: string;
  readonly bind: Bind;
  readonly required: boolean;
  /** Null is a value of its own: neither missing nor the default. */
  readonly nullable: boolean;
  /** Canonical and frozen; undefined where none is declared. */
  readonly fallback: Json | undefined;
}

function compileProperty({ name, node }: Property, required: boolean, bind: Bind): PropertyBind {
  return {
    name,
    bind,
    required,
    nullable: node.nullable === true,
    fallback: canonicalDefault(name, node, bind),
  };
}

/** The default as a caller could have sent it: nested defaults are filled in, null is null. */
function canonicalDefault(name: string, node: TypeNode, bind: Bind): Json | undefined {
  if (node.default === undefined || node.default === null) return node.default;
  const binding = newBinding();
  const value = bind(node.default, binding);
  if (binding.issues.length > 0) throw new InternalError(`The default of ${name} does not fit its own type`);
  return deepFreeze(value);
}

/**
 * Compiles the binding of an object, in the order of spec page 03: unknown names, defaults, required, then each value.
 * At the root these are the parameters. The result has a null prototype.
 */
export function bindObject(node: TypeNode, hidden: boolean, compile: Compile, refuse: Refuse): Bind {
  const required = new Set(node.required);
  const declared = node.properties ?? [];
  const properties = declared.map((each) =>
    compileProperty(each, required.has(each.name), compile(each.node, hidden)),
  );
  const known = new Set(declared.map(({ name }) => name));
  const undeclared = [...required].filter((name) => !known.has(name));
  const takeUnknown =
    node.additionalProperties === false ? refuseUnknown(known, hidden) : keepUnknown(hidden);
  return (value, binding) => {
    const coerced = toObject(value);
    if (!coerced.ok) return refuse(coerced.expectation, value, binding);
    const source = coerced.value;
    if (typeof value === 'string') spendValues(source, binding);
    const bound = Object.create(null) as Record<string, Json>;
    for (const key of Object.keys(source)) {
      if (!known.has(key) && !isFull(binding)) takeUnknown(key, source[key], bound, binding);
    }
    for (const property of properties) bindProperty(property, source, bound, binding);
    for (const name of undeclared) if (!Object.hasOwn(source, name)) reportMissing(name, binding);
    return bound;
  };
}

function bindProperty(
  { name, bind, required, nullable, fallback }: PropertyBind,
  source: Readonly<Record<string, unknown>>,
  bound: Record<string, Json>,
  binding: Binding,
): void {
  const value = Object.hasOwn(source, name) ? source[name] : undefined;
  if (fallback !== undefined && (value === undefined || value === null)) {
    bound[name] = fallback;
  } else if (value === undefined || (value === null && required && !nullable)) {
    if (required) reportMissing(name, binding);
  } else {
    binding.path.push(name);
    bound[name] = bind(value, binding);
    binding.path.pop();
  }
}

function reportMissing(name: string, binding: Binding): void {
  if (binding.path.length === 0) {
    binding.path.push(name);
    report(binding, `Required parameter missing: ${name}`);
  } else {
    binding.path.push(name);
    reportFault(binding, 'a value, because it is required', 'none');
  }
  binding.path.pop();
}

type TakeUnknown = (key: string, value: unknown, bound: Record<string, Json>, binding: Binding) => void;

function keepUnknown(hidden: boolean): TakeUnknown {
  return (key, value, bound, binding) => {
    if (value !== undefined) bound[key] = copyMember(key, value, binding, hidden);
  };
}

/** Names a key as it came, unless it stands in a sensitive value: then it may be data. */
function refuseUnknown(known: ReadonlySet<string>, hidden: boolean): TakeUnknown {
  return (key, _value, _bound, binding) => {
    const shown = /^[\w-]{1,64}$/.test(key) ? key : quote(key, 64);
    const meant = didYouMean(key, known);
    const hint = meant === undefined ? '' : ` (did you mean '${meant}'?)`;
    if (binding.path.length === 0) report(binding, `Unknown parameter: ${shown}${hint}`);
    else if (hidden) reportFault(binding, 'only declared properties', describeValue({}, true));
    else reportFault(binding, 'only declared properties', `also ${shown}${hint}`);
  };
}
