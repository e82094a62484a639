import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { SourceText } from '../lib/source-text.js';
import { describeType, type CelType } from './cel/cel-type.js';
import { compileCondition, type Condition } from './cel/compile-condition.js';
import { textOf, type ResultTypes, type Stage, type StrangeField } from './cel/scope.js';
import type { PolicyContext } from './policy-context.js';
import { conditionProblem, problemIn } from './problem.js';

/** Where the conditions of a file are compiled, and where their problems go. */
export interface ConditionSite {
  readonly context: Pick<PolicyContext, 'catalogue' | 'roles' | 'severalProviders'>;
  readonly parameters: ReadonlyMap<string, CelType>;
  readonly endpoint?: string;
  /** What is known of the result, and how bad a field is that it does not have. */
  readonly result?: { readonly types: ResultTypes; readonly severity: Problem['severity'] };
  readonly problems: Problem[];
}

/** The capability that opens administration; no catalogue needs to name it and `*` never includes it. */
export const adminCapability = 'mxcp:admin';

function didYouMeanIt(name: string, known: readonly string[]): string | undefined {
  const near = didYouMean(name, known);
  return near === undefined ? undefined : `Did you mean \`${near}\`?`;
}

function capabilityProblems(source: SourceText, condition: Condition, site: ConditionSite): Problem[] {
  const { catalogue } = site.context;
  if (catalogue === undefined) return [];
  const unknown = condition.reads.capabilities.filter(
    ({ name }) => !catalogue.has(name) && name !== adminCapability,
  );
  return unknown.map(({ name, node }) =>
    problemIn(
      source,
      node.start,
      'unknown-capability',
      `The capability \`${name}\` is not in the catalogue`,
      {
        endpoint: site.endpoint,
        remedy:
          didYouMeanIt(name, [...catalogue]) ?? 'Add it to `authorization.capabilities`, or correct the name',
      },
    ),
  );
}

/** Roles that every caller without another has, whether the site declares them or not. */
const givenRoles = ['anonymous', 'user'];

/** Names of roles that the site does not declare: a rule that waits for one never or always holds. */
function roleProblems(source: SourceText, condition: Condition, site: ConditionSite): Problem[] {
  const { roles } = site.context;
  if (roles === undefined) return [];
  const known = [...roles, ...givenRoles];
  const unknown = condition.reads.roles.filter(({ name }) => !known.includes(name));
  return unknown.map(({ name, node }) => {
    return problemIn(source, node.start, 'unknown-role-literal', `The site declares no role \`${name}\``, {
      endpoint: site.endpoint,
      severity: 'warning',
      remedy: didYouMeanIt(name, known) ?? 'Add it to `authorization.roles`',
    });
  });
}

/** A field that the result does not have makes a condition not evaluable, which denies. */
function strangeField(
  source: SourceText,
  { node, base, name, declared }: StrangeField,
  site: ConditionSite,
): Problem {
  const of = textOf(base);
  const near = didYouMean(name, declared.fields?.keys() ?? []);
  const remedies = [
    ...(near === undefined ? [] : [`Did you mean \`${of}.${near}\`?`]),
    ...(declared.kind === 'list'
      ? [`Write \`${of}.exists(item, item.${name} …)\`, or use \`keep_rows\``]
      : []),
  ];
  const what = declared.kind === 'map' ? '' : `is ${describeType(declared)} and `;
  const message = `\`${of}\` ${what}has no field \`${name}\`: a condition that reads it denies the call`;
  return problemIn(source, node.pos, 'unknown-field', message, {
    endpoint: site.endpoint,
    severity: site.result?.severity ?? 'warning',
    remedy: remedies[0],
  });
}

function subjectProblems(source: SourceText, condition: Condition, site: ConditionSite): Problem[] {
  const [first] = condition.reads.subjects;
  if (!first || !site.context.severalProviders || condition.reads.provider) return [];
  const message = `\`${textOf(first)}\` does not say whose: several providers are configured`;
  return [
    problemIn(source, first.start, 'ambiguous-subject', message, {
      endpoint: site.endpoint,
      remedy: 'Compare `user.key`, or `user.provider` as well',
    }),
  ];
}

/** Compiles a condition; its problems are added to the site's. Undefined when it does not load. */
export function loadCondition(source: SourceText, stage: Stage, site: ConditionSite): Condition | undefined {
  try {
    const condition = compileCondition(source, stage, site.parameters, site.result?.types);
    site.problems.push(
      ...capabilityProblems(source, condition, site),
      ...roleProblems(source, condition, site),
      ...subjectProblems(source, condition, site),
      ...condition.reads.strangeFields.map((field) => strangeField(source, field, site)),
    );
    return condition;
  } catch (error) {
    site.problems.push(conditionProblem(source, error, site.endpoint));
    return undefined;
  }
}
