import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { ResultColumn } from '../model/effects.js';
import type { Endpoint } from '../model/endpoint.js';
import type { FieldPath } from '../model/rule.js';
import type { Mask, TypeNode } from '../model/type-node.js';
import { acceptsName, foldName, parseFieldPath, type Segment } from './field-path.js';
import { hasSensitiveBelow, itemsOf } from './field-tree.js';
import { returnsOf } from './output-rule.js';
import type { PolicyContext } from './policy-context.js';
import { problemAt } from './problem.js';

/** What a path reaches: a declared node, a column, or a place of which nothing is known. */
interface Target {
  readonly node?: TypeNode;
  readonly column?: ResultColumn;
}

/** What is known of the fields of a result. */
interface Shape {
  readonly returns: TypeNode | undefined;
  readonly columns: readonly ResultColumn[] | undefined;
}

const nested = /STRUCT|MAP|JSON|UNION|VARIANT/i;

function fieldsOf(target: Target): { readonly known: Map<string, Target>; readonly open: boolean } {
  const inner = itemsOf(target.node);
  const properties = inner?.properties ?? [];
  const known = new Map<string, Target>(properties.map(({ name, node }) => [name, { node }]));
  if (inner) return { known, open: inner.type === 'object' && properties.length === 0 };
  return { known, open: target.column === undefined || nested.test(target.column.type) };
}

function topFields({ returns, columns }: Shape): {
  readonly known: Map<string, Target>;
  readonly open: boolean;
} {
  const { known, open } = fieldsOf(returns ? { node: returns } : {});
  const declared = new Map([...known].map(([name, target]) => [foldName(name, true), target]));
  for (const column of columns ?? []) {
    if (!declared.has(foldName(column.name, true))) known.set(column.name, { column });
  }
  return { known, open: open && columns === undefined };
}

/** Everything that a path can reach; a place of which nothing is known counts as reached. */
function reach(
  fields: { readonly known: Map<string, Target>; readonly open: boolean },
  segments: readonly Segment[],
): Target[] {
  const [segment, ...rest] = segments;
  if (!segment) return [];
  const here = fields.open ? [{}] : [];
  const found = [...fields.known].flatMap(([name, target]) => {
    if (!acceptsName(segment, name, true)) return [];
    const next = segment.kind === 'deep' ? segments : rest;
    return next.length === 0 ? [target] : reach(fieldsOf(target), next);
  });
  const skipped = segment.kind === 'deep' ? reach(fields, rest) : [];
  return [...here, ...found, ...skipped];
}

const hashable = /^(VARCHAR|UUID|BLOB|DATE|TIME|TIMESTAMP|JSON|STRUCT|MAP)/i;

function unhashable({ node, column }: Target): string | undefined {
  if (node?.enum) return 'an enum';
  if (node && ['boolean', 'integer', 'number'].includes(node.type)) return `a ${node.type}`;
  if (column && !hashable.test(column.type))
    return column.type.startsWith('ENUM') ? 'an enum' : `of type ${column.type}`;
  return undefined;
}

function hashReason(path: readonly Segment[], target: Target, endpoint: Endpoint): string | undefined {
  const last = path.at(-1);
  const echoed = endpoint.parameters.find(
    ({ name }) => last?.kind === 'name' && acceptsName(last, name, true),
  );
  if (echoed) return `has the name of the parameter \`${echoed.name}\`, whose value the caller chooses`;
  const kind = unhashable(target);
  return kind === undefined ? undefined : `is ${kind}, whose few values are found by trial`;
}

function checkHash(
  field: FieldPath,
  segments: readonly Segment[],
  targets: readonly Target[],
  site: FieldSite,
): Problem[] {
  const reason = targets
    .map((target) => hashReason(segments, target, site.endpoint))
    .find((text) => text !== undefined);
  if (reason === undefined) return [];
  const message = `\`hash\` is not allowed on \`${field.path}\`: it ${reason}`;
  const { excerpt } = field;
  const options = { endpoint: site.name, excerpt, remedy: 'Use the mask `full`, or filter the field' };
  return [problemAt(field.origin, 'hash-mask', message, options)];
}

interface FieldSite {
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly shape: Shape;
  readonly severity: Problem['severity'];
}

function checkPath(field: FieldPath, mask: Mask | undefined, own: boolean, site: FieldSite): Problem[] {
  const pattern = parseFieldPath(field.path);
  if (!pattern) return [];
  const top = topFields(site.shape);
  const targets = reach(top, pattern.segments);
  const masks = (target: Target): boolean => (mask ?? target.node?.mask)?.kind === 'hash';
  if (targets.length > 0) return checkHash(field, pattern.segments, targets.filter(masks), site);
  if (!own) return [];
  const guess = didYouMean(field.path, top.known.keys());
  const message = `The path \`${field.path}\` matches no field of the result`;
  return [
    problemAt(field.origin, 'unknown-field', message, {
      endpoint: site.name,
      severity: site.severity,
      remedy: guess === undefined ? undefined : `Did you mean \`${guess}\`?`,
      excerpt: field.excerpt,
    }),
  ];
}

function checkRulePaths(site: FieldSite): Problem[] {
  return site.endpoint.policies.output.flatMap((rule) => {
    if (!('fields' in rule)) return [];
    const mask = rule.action === 'mask_fields' ? rule.mask : undefined;
    const hashes = rule.action === 'mask_fields';
    return rule.fields.flatMap((field) =>
      checkPath(field, hashes ? mask : { kind: 'full' }, !rule.site, site),
    );
  });
}

function checkSensitiveRules(site: FieldSite): Problem[] {
  const { returns } = site.shape;
  if (returns?.sensitive === true || hasSensitiveBelow(returns)) return [];
  const idle = site.endpoint.policies.output.filter(
    ({ action, site: shared }) => action.endsWith('_sensitive_fields') && !shared,
  );
  return idle.map(({ action, origin }) =>
    problemAt(
      origin,
      'nothing-sensitive',
      `\`${action}\` has nothing to act on: no node is \`sensitive: true\``,
      {
        endpoint: site.name,
        severity: site.severity,
        remedy: 'Mark nodes of the return type as sensitive, or name the fields',
      },
    ),
  );
}

/** Nodes of the return type with what they are called, at any depth. */
function namedNodes(node: TypeNode | undefined, path: string): (readonly [string, TypeNode])[] {
  if (!node) return [];
  const inside = (node.properties ?? []).flatMap((property) => [
    [property.name, property.node] as const,
    ...namedNodes(property.node, property.name),
  ]);
  const items = node.items ? [[path, node.items] as const, ...namedNodes(node.items, path)] : [];
  return [...inside, ...items];
}

/** `hash` that reaches a declared node: its own mask, or that of a `mask_sensitive_fields` rule. */
function checkDeclaredHashes(site: FieldSite): Problem[] {
  const everySensitive = site.endpoint.policies.output.some(
    (rule) => rule.action === 'mask_sensitive_fields' && rule.mask?.kind === 'hash',
  );
  return namedNodes(site.shape.returns, '').flatMap(([name, node]) => {
    if (node.mask?.kind !== 'hash' && !(everySensitive && node.sensitive === true)) return [];
    return checkHash({ path: name, origin: node.origin }, [{ kind: 'name', name }], [{ node }], site);
  });
}

/** The field names that the paths of the endpoint's output rules spell out, folded. */
function namedFields(endpoint: Endpoint): ReadonlySet<string> {
  const fields = endpoint.policies.output.flatMap((rule) => ('fields' in rule ? rule.fields : []));
  const segments = fields.flatMap(({ path }) => parseFieldPath(path)?.segments ?? []);
  return new Set(
    segments.flatMap((segment) => (segment.kind === 'name' ? [foldName(segment.name, true)] : [])),
  );
}

/** A second column of the same name becomes `name_1`, out of reach of rules about `name`. */
function checkDuplicates(site: FieldSite): Problem[] {
  const columns = site.shape.columns ?? [];
  const names = new Set(columns.map(({ name }) => foldName(name, true)));
  const named = namedFields(site.endpoint);
  const baseOf = (name: string): string => foldName(/^(.+)_\d+$/.exec(name)?.[1] ?? '', true);
  const missed = columns.filter(({ name }) => {
    const base = baseOf(name);
    return names.has(base) && named.has(base) && !named.has(foldName(name, true));
  });
  return missed.map(({ name }) =>
    problemAt(
      site.endpoint.origin,
      'duplicate-column',
      `The result column \`${name}\` looks like a second \`${baseOf(name)}\``,
      {
        endpoint: site.name,
        remedy:
          'Rules about the one do not reach the other: give it a name of its own in the SQL, or name it too',
      },
    ),
  );
}

function checkColumns(site: FieldSite): Problem[] {
  const { returns, columns } = site.shape;
  const row = itemsOf(returns);
  const guarded = hasSensitiveBelow(returns) || site.endpoint.policies.output.length > 0;
  if (!row?.properties || !columns || !guarded) return [];
  const declared = new Set(row.properties.map(({ name }) => name));
  return columns
    .filter(({ name }) => !declared.has(name))
    .map(({ name }) =>
      problemAt(site.endpoint.origin, 'undeclared-column', `The result column \`${name}\` is not declared`, {
        endpoint: site.name,
        severity: site.severity,
        remedy: 'Declare it in `return`, so that it is known whether it is sensitive, or do not select it',
      }),
    );
}

/**
 * Checks the output rules against declared properties and prepared columns (spec page 02, "Validation of an endpoint"):
 * paths that match nothing, sensitive rules without anything sensitive, columns that nobody declared (warnings, errors
 * with `strict_fields`), and `hash` where values can be found by trial (always an error).
 */
export function checkFields(endpoint: Endpoint, context: PolicyContext): Problem[] {
  if (endpoint.kind === 'prompt') return [];
  const severity = context.settings.strictFields ? 'error' : 'warning';
  const shape: Shape = { returns: returnsOf(endpoint), columns: context.columns };
  const site: FieldSite = { endpoint, name: `${endpoint.kind}/${endpoint.name}`, shape, severity };
  return [
    ...checkRulePaths(site),
    ...checkSensitiveRules(site),
    ...checkDeclaredHashes(site),
    ...checkColumns(site),
    ...checkDuplicates(site),
  ];
}
