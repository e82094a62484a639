import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { excerpt, locate, type SourceText } from '../lib/source-text.js';
import type { DynamicUse, Preparation, PreparedBody } from '../execute/prepared-body.js';
import { doesNotPrepare } from '../execute/sql-problem.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Parameter } from '../model/type-node.js';
import { checkParameters, checkTypeNode } from '../validate/check-type.js';
import { lateDenial } from './late-denial.js';

type RunsBody = Exclude<Endpoint, { kind: 'prompt' }>;

function problem(endpoint: Endpoint, rule: string, message: string, more: Partial<Problem> = {}): Problem {
  return {
    severity: 'error',
    rule,
    message,
    origin: endpoint.origin,
    endpoint: `${endpoint.kind}/${endpoint.name}`,
    ...more,
  };
}

/** Defaults, enums, examples and patterns of parameters and return type fit their own types (spec page 02). */
export function checkTypes(endpoint: Endpoint): Problem[] {
  const returns = endpoint.kind === 'prompt' ? undefined : endpoint.returns;
  const found = [
    ...checkParameters(endpoint.parameters),
    ...(returns ? checkTypeNode(returns, 'return') : []),
  ];
  return found.map((one) => ({ ...one, endpoint: `${endpoint.kind}/${endpoint.name}` }));
}

/** Where an author's text has something, for people. */
function placeOf(source: SourceText | undefined, offset: number | undefined): Partial<Problem> {
  if (source === undefined || offset === undefined || offset === -1) return {};
  return { origin: locate(source, offset), excerpt: excerpt(source, offset) };
}

const sqlOf = ({ body }: RunsBody): SourceText | undefined =>
  body.language === 'sql' ? body.source : undefined;

function missingParameter(endpoint: RunsBody, name: string, declared: readonly string[]): Problem {
  const source = sqlOf(endpoint);
  if (/^\d+$/.test(name)) {
    const remedy = 'Declare it in `parameters`, and write its name behind a $';
    const place = placeOf(source, source?.text.search(/\$\d|\?/));
    return problem(endpoint, 'parameter-missing', 'The SQL has a parameter without name', {
      remedy,
      ...place,
    });
  }
  const guess = didYouMean(name, declared);
  const remedy =
    guess === undefined ? `Declare a parameter ${name}, or remove $${name}` : `Did you mean $${guess}?`;
  const message = `The SQL uses $${name}, which is not a declared parameter`;
  const place = placeOf(source, source?.text.indexOf(`$${name}`));
  return problem(endpoint, 'parameter-missing', message, { remedy, ...place });
}

function unusedParameter(endpoint: RunsBody, { name, node }: Parameter): Problem {
  const isQuoted = sqlOf(endpoint)?.text.includes(`$${name}`) === true;
  const remedy = isQuoted
    ? `Write $${name} outside of quotes and comments, or remove the parameter`
    : `Use $${name} in the SQL, or remove the parameter`;
  const message = `The parameter ${name} is not used in the SQL`;
  return problem(endpoint, 'parameter-extra', message, { remedy, origin: node.origin });
}

function checkNames(endpoint: RunsBody, { parameterNames }: PreparedBody): Problem[] {
  const declared = endpoint.parameters.map(({ name }) => name);
  return [
    ...parameterNames
      .filter((name) => !declared.includes(name))
      .map((name) => missingParameter(endpoint, name, declared)),
    ...endpoint.parameters
      .filter(({ name }) => !parameterNames.includes(name))
      .map((parameter) => unusedParameter(endpoint, parameter)),
  ];
}

function checkDynamic(endpoint: RunsBody, uses: readonly DynamicUse[]): Problem[] {
  return uses.flatMap(({ parameter, reaches, problem: place }) => {
    const node = endpoint.parameters.find(({ name }) => name === parameter)?.node;
    if (endpoint.dynamicSql && node?.enum !== undefined) return [];
    const message = `The value of $${parameter} reaches ${reaches}, where it chooses what is run or read`;
    const remedy = `Give ${parameter} an \`enum\` and the endpoint \`dynamic_sql: true\``;
    return [problem(endpoint, 'dynamic-sql', message, { remedy, ...place })];
  });
}

function checkEffects(endpoint: RunsBody, body: PreparedBody): Problem[] {
  if (endpoint.annotations.readOnlyHint === true && body.effects === 'write') {
    const message = 'The endpoint says `readOnlyHint: true`, and its SQL writes';
    return [
      problem(endpoint, 'read-only-writes', message, {
        remedy: 'Remove the hint, or the statement that writes',
      }),
    ];
  }
  if (endpoint.kind === 'resource' && body.effects === 'write') {
    return [
      problem(endpoint, 'resource-writes', 'A resource is read, and its SQL writes', {
        remedy: 'Make it a tool',
      }),
    ];
  }
  return [];
}

/** Rows are objects, whatever the number of their columns (spec page 03, "Results"). */
function checkItems(endpoint: RunsBody): Problem[] {
  const items = endpoint.returns?.type === 'array' ? endpoint.returns.items : undefined;
  if (items === undefined || items.type === 'object') return [];
  const message = `The return type is an array of ${items.type}, and SQL gives rows, which are objects`;
  const remedy = 'Make `items` an object with the columns as properties, or return one row with a list';
  return [problem(endpoint, 'items-are-rows', message, { remedy, origin: items.origin })];
}

function checkRollback(endpoint: RunsBody, body: PreparedBody): Problem[] {
  if (body.transactional || body.effects === 'read') return [];
  const rule = lateDenial(endpoint);
  if (rule === undefined) return [];
  const message = `The rule ${rule.id} can deny after the SQL has run, and what it does cannot be rolled back`;
  const remedy = 'Use an input rule, or leave out COPY … TO, EXPORT and other databases';
  return [problem(endpoint, 'not-transactional', message, { remedy })];
}

/**
 * What preparing the body of an endpoint found, and what shows only then. Where a parameter chooses what is run or read,
 * DuckDB saw a value that was made up: what it says about that is left out.
 */
export function checkPreparation(endpoint: RunsBody, preparation: Preparation): Problem[] {
  const { body, problems, dynamicUses } = preparation;
  const dynamic = checkDynamic(endpoint, dynamicUses);
  const others = dynamic.length === 0 ? problems : problems.filter(({ rule }) => rule !== doesNotPrepare);
  const own = others.map((one) => ({ ...one, endpoint: `${endpoint.kind}/${endpoint.name}` }));
  return [...own, ...dynamic, ...(body ? checkBody(endpoint, body) : [])];
}

/** Everything about an endpoint that shows only together with its prepared body (spec pages 02 and 07). */
function checkBody(endpoint: RunsBody, body: PreparedBody): Problem[] {
  if (body.kind === 'builtin') return [];
  return [checkNames, checkEffects, checkItems, checkRollback].flatMap((check) => check(endpoint, body));
}
