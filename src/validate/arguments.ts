import type { JsonObject } from '../model/json.js';
import type { Parameter, TypeNode } from '../model/type-node.js';
import { compileBind } from './bind-value.js';
import { newBinding, reportFault, throwIssues, type Bind, type Binding } from './binding.js';
import { isPlainObject } from './coerce.js';
import { describeValue } from './describe-value.js';
import { spendValues } from './spend-values.js';

/** The parameters of an endpoint as one object type: what is advertised, and what is bound. */
export function parametersNode(parameters: readonly Parameter[]): TypeNode {
  return {
    type: 'object',
    origin: parameters[0]?.node.origin ?? { file: '', line: 1, column: 1 },
    properties: parameters,
    required: parameters.filter(({ node }) => node.default === undefined).map(({ name }) => name),
    additionalProperties: false,
  };
}

/**
 * Compiles the binder of an endpoint: raw arguments (absent: none) to canonical ones, typed, defaulted and complete, in
 * an object without prototype (spec page 03, "Arguments"). Throws `InvalidArgumentsError` with every issue, at most 20,
 * and of more than `maxValues` values with that alone; no text quotes the value of a sensitive parameter.
 */
export function compileArguments(parameters: readonly Parameter[]): (raw: unknown) => JsonObject {
  const bind = compileBind(parametersNode(parameters), false);
  return (raw) => {
    const binding = newBinding();
    const bound = bindRoot(bind, raw ?? {}, binding);
    throwIssues(binding);
    return bound;
  };
}

/** Unlike a parameter of type object, arguments as a whole are an object in every protocol, never JSON text of one. */
function bindRoot(bind: Bind, raw: unknown, binding: Binding): JsonObject {
  if (isPlainObject(raw)) spendValues(raw, binding);
  const bound = isPlainObject(raw) ? bind(raw, binding) : null;
  if (typeof bound === 'object' && bound !== null && !Array.isArray(bound)) return bound as JsonObject;
  if (binding.issues.length === 0) reportFault(binding, 'an object', describeValue(raw, true));
  return Object.create(null) as JsonObject;
}
