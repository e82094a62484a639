import type { Problem } from '../errors.js';
import type { Endpoint } from '../model/endpoint.js';
import type {
  EndpointPolicies,
  FieldPath,
  InputRule,
  OutputRule,
  RuleMatch,
  RuleMode,
} from '../model/rule.js';
import type { EndpointKind } from '../model/rule.js';
import { canonicalJson } from '../lib/canonical-json.js';
import { sha256 } from '../lib/sha256.js';
import { at, itemsOf, jsonObject, originOf, stringOf, stringsOf, type Field } from './field.js';
import { excerptAt, problemOf, problemOfKey } from './problems.js';
import { sourceTextOf } from './scalar-text.js';
import { buildMask } from './type-node.js';

/** A rule of the site file and the endpoints that it is for. */
interface SiteRule<R> {
  readonly rule: R;
  readonly match: RuleMatch;
  readonly field: Field;
}

export interface SiteRules {
  readonly input: readonly SiteRule<InputRule>[];
  readonly output: readonly SiteRule<OutputRule>[];
}

/** What `match` of a site-wide rule looks at. */
type Matched = Pick<Endpoint, 'kind' | 'name' | 'tags'>;

/** The rules of one endpoint: those of the site that match it first, then its own, under `policies`. */
export function buildPolicies(
  field: Field | undefined,
  endpoint: Matched,
  site: SiteRules,
  problems: Problem[],
): EndpointPolicies {
  const place = `${endpoint.kind}/${endpoint.name}`;
  const shared = {
    input: site.input.filter(({ match }) => isMatch(match, endpoint)).map(({ rule }) => rule),
    output: site.output.filter(({ match }) => isMatch(match, endpoint)).map(({ rule }) => rule),
  };
  const input = itemsOf(at(field, 'input'));
  const output = itemsOf(at(field, 'output'));
  problems.push(...duplicateIds([...input, ...output], [...shared.input, ...shared.output]));
  return {
    input: [...shared.input, ...input.flatMap((item, i) => buildInputRule(item, `${place}/input[${i}]`))],
    output: [
      ...shared.output,
      ...output.flatMap((item, i) => buildOutputRule(item, `${place}/output[${i}]`, problems)),
    ],
  };
}

/** Builds the rules of the site file, each with its match. */
export function buildSiteRules(field: Field | undefined, problems: Problem[]): SiteRules {
  const withMatch = <R>(
    items: readonly Field[],
    build: (item: Field, index: number) => readonly R[],
  ): SiteRule<R>[] =>
    items.flatMap((item, index) =>
      build(item, index).map((rule) => ({ rule, match: buildMatch(at(item, 'match')), field: item })),
    );
  const input = itemsOf(at(field, 'input'));
  const output = itemsOf(at(field, 'output'));
  problems.push(...duplicateIds([...input, ...output]));
  return {
    input: withMatch(input, (item, i) => buildInputRule(item, `site/input[${i}]`, true)),
    output: withMatch(output, (item, i) => buildOutputRule(item, `site/output[${i}]`, problems, true)),
  };
}

/** Site-wide rules that are rules of none of these endpoints. */
export function idleRules({ input, output }: SiteRules, endpoints: readonly Endpoint[]): EndpointPolicies {
  const used = new Set<InputRule | OutputRule>(
    endpoints.flatMap(({ policies }) => [...policies.input, ...policies.output]),
  );
  const idle = <R extends InputRule | OutputRule>(rules: readonly SiteRule<R>[]): R[] =>
    rules.flatMap(({ rule }) => (used.has(rule) ? [] : [rule]));
  return { input: idle(input), output: idle(output) };
}

function isMatch({ kinds, names, tags }: RuleMatch, endpoint: Matched): boolean {
  return (
    (kinds?.includes(endpoint.kind) ?? true) &&
    (names?.includes(endpoint.name) ?? true) &&
    (tags?.some((tag) => endpoint.tags.includes(tag)) ?? true)
  );
}

const isKind = (text: string): text is EndpointKind => ['tool', 'resource', 'prompt'].includes(text);

function buildMatch(field: Field | undefined): RuleMatch {
  const list = (key: string): readonly string[] | undefined => {
    const found = at(field, key);
    return found === undefined ? undefined : stringsOf(found);
  };
  const kinds = list('kinds')?.filter(isKind);
  const names = list('names');
  const tags = list('tags');
  return { ...(kinds && { kinds }), ...(names && { names }), ...(tags && { tags }) };
}

interface RuleStart {
  readonly id: string;
  readonly reason?: string;
  readonly mode: RuleMode;
  readonly origin: InputRule['origin'];
  readonly hash: string;
  readonly site: boolean;
}

function startRule(field: Field, derivedId: string, stage: 'input' | 'output', site: boolean): RuleStart {
  const reason = stringOf(at(field, 'reason'));
  return {
    id: stringOf(at(field, 'id')) ?? derivedId,
    ...(reason !== undefined && { reason }),
    mode: stringOf(at(field, 'mode')) === 'shadow' ? 'shadow' : 'enforce',
    origin: originOf(field),
    hash: sha256(
      canonicalJson(
        jsonObject([
          ['stage', stage],
          ['rule', field.data],
        ]),
      ),
    ),
    site,
  };
}

function buildInputRule(field: Field, id: string, site = false): readonly InputRule[] {
  const condition = at(field, 'condition');
  if (stringOf(condition) === undefined || condition === undefined) return [];
  return [{ ...startRule(field, id, 'input', site), condition: sourceTextOf(condition), action: 'deny' }];
}

/** Which keys an action reads beside those of every rule. */
const actionKeys: Readonly<Record<string, readonly string[]>> = {
  deny: [],
  filter_fields: ['fields'],
  mask_fields: ['fields', 'mask'],
  filter_sensitive_fields: [],
  mask_sensitive_fields: ['mask'],
  keep_rows: ['where'],
};

function buildOutputRule(field: Field, id: string, problems: Problem[], site = false): readonly OutputRule[] {
  const condition = at(field, 'condition');
  const action = stringOf(at(field, 'action')) ?? '';
  problems.push(...strayActionKeys(field, action));
  const start = {
    ...startRule(field, id, 'output', site),
    ...(condition !== undefined && { condition: sourceTextOf(condition) }),
  };
  const mask = buildMask(field.entries?.get('mask'));
  const masked = mask === undefined ? {} : { mask };
  const where = at(field, 'where');
  switch (action) {
    case 'deny':
    case 'filter_sensitive_fields':
      return [{ ...start, action }];
    case 'filter_fields':
      return [{ ...start, action, fields: buildFieldPaths(field) }];
    case 'mask_fields':
      return [{ ...start, action, fields: buildFieldPaths(field), ...masked }];
    case 'mask_sensitive_fields':
      return [{ ...start, action, ...masked }];
    case 'keep_rows':
      return where === undefined ? [] : [{ ...start, action, where: sourceTextOf(where) }];
    default:
      return [];
  }
}

function buildFieldPaths(field: Field): readonly FieldPath[] {
  return itemsOf(at(field, 'fields')).flatMap((item) => {
    const path = stringOf(item);
    const excerpt = excerptAt(item.source, item.start);
    return path === undefined
      ? []
      : [{ path, origin: originOf(item), ...(excerpt !== undefined && { excerpt }) }];
  });
}

/** A key that the action does not read: an error, because an author relies on it; with `deny` nothing is lost. */
function strayActionKeys(field: Field, action: string): readonly Problem[] {
  const read = Object.hasOwn(actionKeys, action) ? actionKeys[action] : undefined;
  if (read === undefined) return [];
  return ['fields', 'mask', 'where'].flatMap((key) => {
    const stray = field.entries?.get(key);
    if (stray === undefined || read.includes(key)) return [];
    const actions = Object.keys(actionKeys).filter((name) => actionKeys[name]?.includes(key));
    return problemOfKey(stray, {
      severity: action === 'deny' ? 'warning' : 'error',
      rule: 'key-without-effect',
      message: `\`${key}\` has no effect with action ${action}`,
      remedy: `It belongs to ${actions.join(', ')}.`,
    });
  });
}

/** Records, `--explain` and tests name a rule by its id, among all that an endpoint has. */
function duplicateIds(
  items: readonly Field[],
  shared: readonly (InputRule | OutputRule)[] = [],
): readonly Problem[] {
  const ofSite = new Set(shared.map(({ id }) => id));
  const seen = new Set<string>();
  return items.flatMap((item) => {
    const field = at(item, 'id');
    const id = stringOf(field);
    if (id === undefined || field === undefined) return [];
    const message = ofSite.has(id)
      ? `The site has a rule with the id "${id}" for this endpoint already`
      : `There are two rules with the id "${id}"`;
    if (ofSite.has(id) || seen.has(id)) return [problemOf(field, { rule: 'duplicate-name', message })];
    seen.add(id);
    return [];
  });
}
