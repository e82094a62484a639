import type { Endpoint } from '../model/endpoint.js';
import type { OutputRule } from '../model/rule.js';
import type { TypeNode } from '../model/type-node.js';
import { loadCondition, type ConditionSite } from './check-condition.js';
import { acceptsName, namesEverything, parseFieldPath, type FieldPattern } from './field-path.js';
import { itemsOf, type FieldAction } from './field-tree.js';
import type { PolicyContext } from './policy-context.js';
import { problemAt } from './problem.js';
import type { CompiledOutputRule } from './release.js';

/** The declared return type of an endpoint that has one. */
export function returnsOf(endpoint: Endpoint): TypeNode | undefined {
  return endpoint.kind === 'prompt' ? undefined : endpoint.returns;
}

/** True when items of the result are no objects, so that a column's value is the item (or the result) itself. */
function hasScalarItems(returns: TypeNode | undefined): boolean {
  const items = itemsOf(returns);
  return items !== undefined && items.type !== 'object';
}

function isWholeSensitive(returns: TypeNode | undefined): boolean {
  let node = returns;
  while (node) {
    if (node.sensitive === true) return true;
    node = node.type === 'array' ? node.items : undefined;
  }
  return false;
}

/** A scalar result is the value of its only column, which a path can name although the result has no fields. */
function namesScalar(
  pattern: FieldPattern,
  returns: TypeNode | undefined,
  columns: PolicyContext['columns'],
): boolean {
  const last = pattern.segments.at(-1);
  if (!hasScalarItems(returns) || !last) return false;
  return columns === undefined || columns.some(({ name }) => acceptsName(last, name, true));
}

function parsePaths(rule: OutputRule, site: ConditionSite): FieldPattern[] {
  if (!('fields' in rule)) return [];
  return rule.fields.flatMap(({ path, origin }) => {
    const pattern = parseFieldPath(path);
    if (pattern && !(pattern.items && rule.action === 'filter_fields')) return [pattern];
    const message = pattern
      ? `\`${path}\` would remove each item of an array`
      : `\`${path}\` is no field path`;
    const remedy = pattern
      ? 'Name the array itself, or use `mask_fields`'
      : 'Paths look like `salary`, `address.street`, `orders[].card`, `*.ssn`, `**.ssn`';
    site.problems.push(problemAt(origin, 'field-path', message, { endpoint: site.endpoint, remedy }));
    return [];
  });
}

function fieldAction(
  rule: OutputRule,
  index: number,
  patterns: readonly FieldPattern[],
): FieldAction | undefined {
  switch (rule.action) {
    case 'filter_fields':
      return { index, kind: 'remove', patterns, sensitive: false };
    case 'filter_sensitive_fields':
      return { index, kind: 'remove', patterns, sensitive: true };
    case 'mask_fields':
    case 'mask_sensitive_fields': {
      const action: FieldAction = {
        index,
        kind: 'mask',
        patterns,
        sensitive: rule.action === 'mask_sensitive_fields',
      };
      return rule.mask ? { ...action, mask: rule.mask } : action;
    }
    default:
      return undefined;
  }
}

function takesWhole(
  fields: FieldAction,
  returns: TypeNode | undefined,
  columns: PolicyContext['columns'],
): boolean {
  if (fields.sensitive) return isWholeSensitive(returns);
  const everything = fields.kind === 'remove' && fields.patterns.some(namesEverything);
  return everything || fields.patterns.some((pattern) => namesScalar(pattern, returns, columns));
}

function refuseOn(rule: OutputRule, site: ConditionSite, message: string, remedy: string): void {
  site.problems.push(problemAt(rule.origin, 'policy-action', message, { endpoint: site.endpoint, remedy }));
}

/** Prompts have no fields and no rows: a site-wide rule about them does nothing there, a prompt's own does not load. */
function suitsPrompt(rule: OutputRule, site: ConditionSite): boolean {
  if (rule.action === 'deny') return true;
  if (!rule.site) refuseOn(rule, site, `\`${rule.action}\` has nothing to act on in a prompt`, 'Use `deny`');
  return false;
}

/** Compiles one output rule. Undefined when it does not load, or does not concern this endpoint. */
export function compileOutputRule(
  rule: OutputRule,
  index: number,
  endpoint: Endpoint,
  context: PolicyContext,
  site: ConditionSite,
): CompiledOutputRule | undefined {
  if (endpoint.kind === 'prompt' && !suitsPrompt(rule, site)) return undefined;
  const condition = rule.condition && loadCondition(rule.condition, 'output', site);
  const returns = returnsOf(endpoint);
  if (rule.action === 'keep_rows') {
    const where = loadCondition(rule.where, 'row', site);
    if (hasScalarItems(returns)) {
      refuseOn(
        rule,
        site,
        '`keep_rows` needs rows: the result has no fields',
        'Return objects, or use `deny`',
      );
      return undefined;
    }
    return where && { rule, condition, rows: { rule, condition, where }, whole: false };
  }
  const fields = fieldAction(rule, index, parsePaths(rule, site));
  if (!fields) return { rule, condition, whole: false };
  return { rule, condition, fields, whole: takesWhole(fields, returns, context.columns) };
}
