import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { compilePattern, PatternError } from '../lib/pattern.js';
import type { Json } from '../model/json.js';
import type { Parameter, TypeNode } from '../model/type-node.js';
import { canonicalJson } from '../lib/canonical-json.js';
import { compileBind } from './bind-value.js';
import { newBinding } from './binding.js';
import { compileCheck, type Check } from './check-value.js';
import { isBigDigits } from './decimal.js';
import { formatNames, formatOf } from './formats.js';
import { below, directionOf, maxDepth, type Position } from './semantics.js';
import { compileTransforms } from './transforms.js';

/** A finding before it has its place. */
type Finding = Pick<Problem, 'severity' | 'rule' | 'message'> & { readonly remedy?: string };

const error = (rule: string, message: string, remedy?: string): Finding => ({
  severity: 'error',
  rule,
  message,
  ...(remedy !== undefined && { remedy }),
});

/**
 * What is wrong with a declared type, at any depth (spec page 02, "Validation of an endpoint"): literals that do not fit
 * their own type, patterns that do not compile or cannot be bounded, unknown formats, contradicting bounds, too much
 * nesting. `path` names the node in messages (`parameters.since`, `return`); a path that begins with `return` is judged
 * as a result, any other as an argument.
 */
export function checkTypeNode(node: TypeNode, path: string): Problem[] {
  return checkNode(node, path, /^returns?\b/.test(path) ? 'result-root' : 'argument', 1);
}

function checkNode(node: TypeNode, path: string, position: Position, depth: number): Problem[] {
  const locate = (finding: Finding): Problem => ({
    ...finding,
    message: `${path}: ${finding.message}`,
    origin: node.origin,
  });
  if (depth > maxDepth) return [locate(error('type-too-deep', `a type has at most ${maxDepth} levels`))];
  const own = [...textFindings(node, position), ...boundFindings(node)];
  const inner = [
    ...(node.items === undefined ? [] : checkNode(node.items, `${path}.items`, below(position), depth + 1)),
    ...(node.properties ?? []).flatMap((each) =>
      checkNode(each.node, `${path}.${each.name}`, below(position), depth + 1),
    ),
  ];
  // A literal cannot be judged by a type that is itself wrong.
  const sound = own.length === 0 && inner.every(({ severity }) => severity !== 'error');
  const literals = sound ? literalFindings(node, position) : [];
  return [...[...own, ...propertyFindings(node), ...literals].map(locate), ...inner];
}

function textFindings(node: TypeNode, position: Position): Finding[] {
  if (node.type !== 'string') return [];
  const findings: Finding[] = [];
  if (node.format !== undefined && formatOf(node.format, directionOf(position)) === undefined) {
    const meant = didYouMean(node.format, formatNames);
    const remedy =
      meant === undefined ? `Known formats: ${formatNames.join(', ')}.` : `Did you mean ${meant}?`;
    findings.push(error('unknown-format', `unknown format "${node.format}"`, remedy));
  }
  const fault = node.pattern === undefined ? undefined : patternFault(node.pattern);
  if (fault !== undefined) {
    findings.push(
      error(
        'invalid-pattern',
        `pattern: ${fault}`,
        'Write it without look-around, back references and flags.',
      ),
    );
  }
  return findings;
}

function patternFault(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (cause) {
    if (cause instanceof PatternError) return cause.message;
    throw cause;
  }
}

function boundFindings(node: TypeNode): Finding[] {
  const findings: Finding[] = [];
  const counts = ['minLength', 'maxLength', 'minItems', 'maxItems'] as const;
  for (const key of counts) {
    const value = node[key];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) continue;
    findings.push(error('invalid-bound', `${key} is a whole number, 0 or more`));
  }
  if (node.multipleOf !== undefined && !(node.multipleOf > 0)) {
    findings.push(error('invalid-bound', 'multipleOf is more than 0'));
  }
  const conflict = contradiction(node);
  if (conflict !== undefined) findings.push(error('contradiction', `${conflict}: no value fits`));
  return findings;
}

function contradiction(node: TypeNode): string | undefined {
  const { minLength = 0, maxLength = Infinity, minItems = 0, maxItems = Infinity } = node;
  const { minimum = -Infinity, maximum = Infinity } = node;
  const { exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = node;
  if (minLength > maxLength) return 'minLength is more than maxLength';
  if (minItems > maxItems) return 'minItems is more than maxItems';
  if (minimum > maximum) return 'minimum is more than maximum';
  if (Math.max(exclusiveMinimum, minimum) >= exclusiveMaximum)
    return 'the lower bound reaches exclusiveMaximum';
  if (exclusiveMinimum >= maximum) return 'exclusiveMinimum reaches maximum';
  return node.enum?.length === 0 ? 'enum is empty' : undefined;
}

function propertyFindings(node: TypeNode): Finding[] {
  const names = new Set<string>();
  const findings: Finding[] = [];
  for (const { name } of node.properties ?? []) {
    if (names.has(name)) findings.push(error('duplicate-property', `there are two properties "${name}"`));
    names.add(name);
  }
  if (node.additionalProperties !== false) return findings;
  for (const name of node.required ?? []) {
    if (!names.has(name))
      findings.push(error('unknown-property', `required property "${name}" is not declared`));
  }
  return findings;
}

function literalFindings(node: TypeNode, position: Position): Finding[] {
  const fits = literalCheck(node, position);
  const { default: dflt = null } = node;
  return [
    ...misfits('enum', node.enum ?? [], fits),
    ...(dflt === null ? [] : misfits('default', [dflt], fits)),
    ...misfits('examples', node.examples ?? [], fits),
    ...enumFindings(node),
  ];
}

/** An integer beyond ±(2^53-1) was written as a number and is carried as its digits: it binds, so it fits. */
function literalCheck(node: TypeNode, position: Position): Check {
  const check = compileCheck(node, position);
  if (position !== 'argument' || node.type !== 'integer') return check;
  const bind = compileBind(node, true);
  return (literal) => {
    if (typeof literal !== 'string' || !isBigDigits(literal)) return check(literal);
    const binding = newBinding();
    bind(literal, binding);
    return binding.issues.length === 0 ? undefined : { path: '', message: 'it is out of range' };
  };
}

/** The message quotes nothing: a default or an example may be a value of real data. */
function misfits(key: string, literals: readonly Json[], check: Check): Finding[] {
  return literals.flatMap((literal, index) => {
    const fault = check(literal);
    if (fault === undefined) return [];
    const place = key === 'default' ? key : `${key}[${index}]`;
    return [
      error('literal-does-not-fit', `${place}${fault.path} does not fit its own type: ${fault.message}`),
    ];
  });
}

function enumFindings(node: TypeNode): Finding[] {
  const values = node.enum ?? [];
  const findings: Finding[] = [];
  if (new Set(values.map(canonicalJson)).size < values.length) {
    findings.push({ severity: 'warning', rule: 'duplicate-enum', message: 'enum has a value twice' });
  }
  const transform = compileTransforms(node.transform);
  if (transform && values.some((value) => typeof value === 'string' && transform(value) !== value)) {
    findings.push(
      error('unreachable-enum', 'enum has a value that the transforms change, so no argument can be it'),
    );
  }
  return findings;
}

/**
 * What is wrong with the parameters of an endpoint: their types, and header parameters that MCP does not allow (only
 * string, integer and boolean; names differ in more than case; never a sensitive one).
 */
export function checkParameters(parameters: readonly Parameter[]): Problem[] {
  const taken = new Set<string>();
  return parameters.flatMap(({ name, node, header }) => {
    const path = `parameters.${name}`;
    const problems = checkTypeNode(node, path);
    if (!header) return problems;
    const fault = headerFault(node, taken.has(name.toLowerCase()));
    taken.add(name.toLowerCase());
    if (fault === undefined) return problems;
    const message = `${path}: ${fault}`;
    return [...problems, { severity: 'error', rule: 'invalid-header', message, origin: node.origin }];
  });
}

function headerFault(node: TypeNode, taken: boolean): string | undefined {
  if (taken) return 'another header parameter has the same name but for case';
  if (node.sensitive === true) return 'a sensitive parameter cannot be sent as a header';
  return ['string', 'integer', 'boolean'].includes(node.type)
    ? undefined
    : `a header parameter is a string, an integer or a boolean, not ${node.type}`;
}
