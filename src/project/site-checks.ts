import type { Origin, Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Endpoint } from '../model/endpoint.js';
import type { TypeNode } from '../model/type-node.js';
import type { EndpointFile } from './endpoint-file.js';
import { at, itemsOf, originOf, stringOf, stringsOf, type Field } from './field.js';
import { problemOf, problemOfKey, suggestion } from './problems.js';
import type { SiteRules } from './rules.js';
import { templateShape } from './uri-template.js';

/** Names that several endpoints of a kind claim; URI templates that match the same URIs count as one name. Each names every file. */
export function findDuplicates(
  files: readonly EndpointFile[],
  builtin: ReadonlyMap<string, Origin>,
): ReadonlyMap<EndpointFile, Problem> {
  const claims = new Map<string, { file: EndpointFile; named: Field }[]>();
  for (const file of files) {
    const { kind, name, named, enabled } = file;
    if (!enabled || kind === undefined || name === undefined || named === undefined) continue;
    const key = `${kind}/${kind === 'resource' ? templateShape(name) : name}`;
    claims.set(key, [...(claims.get(key) ?? []), { file, named }]);
  }
  const found = new Map<EndpointFile, Problem>();
  for (const [key, owners] of claims) {
    const reserved = builtin.get(key);
    if (owners.length < 2 && reserved === undefined) continue;
    const places = [...owners.map(({ named }) => originOf(named)), ...(reserved ? [reserved] : [])];
    for (const { file, named } of owners) found.set(file, duplicate(file, named, places));
  }
  return found;
}

function duplicate(file: EndpointFile, named: Field, places: readonly Origin[]): Problem {
  const list = places.map((place) => `${place.file}:${place.line}`).join(', ');
  const what =
    file.kind === 'resource'
      ? `match the same URIs as ${file.name ?? ''}`
      : `are called "${file.name ?? ''}"`;
  return problemOf(named, {
    rule: 'duplicate-name',
    message: `Several ${file.kind ?? 'endpoint'}s ${what}: ${list}`,
    remedy: 'Rename all but one.',
    endpoint: `${file.kind ?? ''}/${file.name ?? ''}`,
  });
}

/** A `match` of a site-wide rule that names an endpoint or tag which does not exist: it would protect nothing. */
export function checkMatches(
  rules: SiteRules,
  files: readonly EndpointFile[],
  builtin: readonly Endpoint[],
): readonly Problem[] {
  const names = [...files.flatMap(({ name }) => name ?? []), ...builtin.map(({ name }) => name)];
  const tags = [
    ...files.flatMap(({ endpoint }) => endpoint?.tags ?? []),
    ...builtin.flatMap((each) => each.tags),
  ];
  return [...rules.input, ...rules.output].flatMap(({ field }) => {
    const match = at(field, 'match');
    return [
      ...unmatched(itemsOf(at(match, 'names')), names, 'No endpoint is called', 'error'),
      ...unmatched(itemsOf(at(match, 'tags')), tags, 'No endpoint has the tag', 'warning'),
    ];
  });
}

function unmatched(
  items: readonly Field[],
  known: readonly string[],
  words: string,
  severity: Problem['severity'],
): readonly Problem[] {
  return items.flatMap((item) => {
    const name = stringOf(item);
    if (name === undefined || known.includes(name)) return [];
    const message = `${words} "${name}", so this rule protects nothing there`;
    return [
      problemOf(item, {
        severity,
        rule: 'match-without-effect',
        message,
        remedy: suggestion(didYouMean(name, known)),
      }),
    ];
  });
}

const hasSensitive = (node: TypeNode): boolean =>
  node.sensitive === true ||
  (node.items !== undefined && hasSensitive(node.items)) ||
  (node.properties?.some((property) => hasSensitive(property.node)) ?? false);

function isProtected(endpoint: Endpoint): boolean {
  const returns = endpoint.kind === 'prompt' ? undefined : endpoint.returns;
  return endpoint.policies.output.length > 0 || (returns !== undefined && hasSensitive(returns));
}

/** True when an enforced input rule is meant for execute_sql_query: its own, or one of the site that names it or one of its tags. */
function isGuarded(sqlTools: Field, rules: SiteRules): boolean {
  const tool = at(sqlTools, 'execute_sql_query');
  const tags = stringsOf(at(tool, 'tags'));
  const own = itemsOf(at(tool, 'policies', 'input')).some((rule) => stringOf(at(rule, 'mode')) !== 'shadow');
  return (
    own ||
    rules.input.some(
      ({ rule, match }) =>
        rule.mode === 'enforce' &&
        (match.kinds?.includes('tool') ?? true) &&
        (match.names?.includes('execute_sql_query') ?? match.tags !== undefined) &&
        (match.tags?.some((tag) => tags.includes(tag)) ?? true),
    )
  );
}

/** What has to hold before the built-in SQL tools are served (spec page 07). */
export function checkSqlTools(
  sqlTools: Field,
  externalAccess: boolean,
  rules: SiteRules,
  endpoints: readonly Endpoint[],
): readonly Problem[] {
  const problems: Problem[] = [];
  if (externalAccess) {
    const message =
      'The built-in SQL tools need `external_access: false`, or they could read files and networks';
    const remedy = 'Set profiles.<name>.duckdb.external_access: false.';
    problems.push(problemOfKey(sqlTools, { rule: 'sql-tools-unsafe', message, remedy }));
  }
  const sensitive = endpoints.find((endpoint) => isProtected(endpoint));
  if (sensitive !== undefined && !isGuarded(sqlTools, rules)) {
    const message = `execute_sql_query would reach around the rules of this site: ${sensitive.kind} ${sensitive.name} has output rules or sensitive fields`;
    const remedy = 'Give it an input rule of its own: sql_tools.execute_sql_query.policies.input.';
    problems.push(problemOfKey(sqlTools, { rule: 'sql-tools-unsafe', message, remedy }));
  }
  return problems;
}
