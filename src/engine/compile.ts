import type { Problem } from '../errors.js';
import type { Database } from '../execute/database.js';
import type { Bodies } from '../execute/typescript/open-bodies.js';
import { compilePrompt } from '../execute/prompt.js';
import { createGate } from '../limit/gate.js';
import { mapConcurrently } from '../lib/map-concurrently.js';
import type { Endpoint, TypeScriptBody } from '../model/endpoint.js';
import type { Project } from '../model/project.js';
import { compileRules, type EndpointRules } from '../policy/compile-rules.js';
import { catalogueOf, compileRoles, declaredRoles, type RoleResolver } from '../policy/compile-roles.js';
import { checkIdleRules } from '../policy/idle-rules.js';
import type { PolicyContext } from '../policy/policy-context.js';
import { inputSchema, outputSchema } from '../validate/advertise.js';
import { compileArguments } from '../validate/arguments.js';
import { compileResult } from '../validate/result.js';
import { checkPreparation, checkTypes } from './check-endpoint.js';
import type { Executor } from './executor.js';
import type { Logger } from './logger.js';
import { memoize } from './memoize.js';
import type { Operation } from './operation.js';
import { promptExecutor } from './prompt-executor.js';
import { checkDefaultScopes, checkGrantableScopes } from './scope-rules.js';
import { sqlExecutor } from './sql-executor.js';
import { typescriptExecutor } from './typescript-executor.js';

/** A project made ready to run, and everything that is wrong with it. Operations of endpoints with errors are absent. */
export interface Compilation {
  readonly operations: readonly Operation[];
  readonly roles: RoleResolver;
  readonly problems: readonly Problem[];
  /** Bodies that were not checked because there was no database. */
  readonly unprepared: number;
}

/** What is compiled against. */
export interface CompileContext {
  readonly project: Project;
  /** Absent: bodies are not prepared (`validate --no-database`), and there are no operations with a body. */
  readonly database: Database | undefined;
  /** Absent: there are no TypeScript bodies. */
  readonly bodies: Bodies | undefined;
  /** Hears what goes wrong in TypeScript bodies. */
  readonly logger: Logger;
  /** Key of `hash` masks. */
  readonly hashKey: Uint8Array;
}

interface Part {
  readonly problems: readonly Problem[];
  readonly capabilities: readonly string[];
  readonly operation?: Operation;
  readonly unprepared?: true;
}

const isError = ({ severity }: Problem): boolean => severity === 'error';

/** True when callers come in more than one way, so that a `user_id` alone names nobody (spec page 04). */
function severalProviders({ auth }: Project): boolean {
  const providers = auth.issuer?.providers.length ?? 0;
  const ways = providers + auth.verifiers.length + Number(auth.apiKeys) + Number(auth.clientCertificates);
  return ways > 1;
}

/** Capabilities that claims give. */
function mappedCapabilities({ auth }: Project): readonly string[] {
  const sources = [...(auth.issuer?.providers ?? []), ...auth.verifiers];
  return sources.flatMap(({ claimMappings }) => claimMappings.flatMap(({ capabilities }) => capabilities));
}

function policyContext({ project, hashKey }: CompileContext): PolicyContext {
  const catalogue = catalogueOf(project.authorization);
  const roles = declaredRoles(project.authorization);
  return {
    settings: project.policies,
    catalogue,
    roles,
    severalProviders: severalProviders(project),
    hashKey,
  };
}

/** Makes functions of plugins known to SQL; gives what is wrong with them. */
async function defineFunctions({ database, bodies }: CompileContext): Promise<readonly Problem[]> {
  if (database === undefined || bodies === undefined || bodies.functions.length === 0) return [];
  const refused = await database.define(bodies.functions);
  return refused.map(({ refused: { name, origin }, reason }) => ({
    severity: 'error',
    rule: 'plugin-function',
    message: `The function ${name} cannot be defined: ${reason}`,
    remedy: 'Rename the method, or the plugin in the site file',
    origin,
  }));
}

/** Endpoints that are compiled at once: one keeps this thread busy while the database looks at the bodies of others. */
const compilations = 8;

/**
 * Compiles every endpoint and the roles (spec page 01, `Operation`): finds everything that can be wrong before anything
 * is served, all at once.
 */
export async function compileProject(context: CompileContext): Promise<Compilation> {
  const policy = policyContext(context);
  const functions = await defineFunctions(context);
  const parts = await mapConcurrently(context.project.endpoints, compilations, (endpoint) =>
    compileEndpoint(context, policy, endpoint),
  );
  const capabilities = parts.flatMap((part) => part.capabilities);
  const roles = compileRoles(context.project.authorization, {
    capabilities: [...capabilities, ...mappedCapabilities(context.project)],
    severalProviders: severalProviders(context.project),
  });
  return {
    operations: parts.flatMap(({ operation }) => (operation ? [operation] : [])),
    roles: roles.resolver,
    problems: [
      ...roles.problems,
      ...(context.bodies?.siteProblems ?? []),
      ...functions,
      ...checkDefaultScopes(context.project),
      ...checkGrantableScopes(context.project),
      ...(context.project.idleRules ? checkIdleRules(context.project.idleRules, policy) : []),
      ...parts.flatMap(({ problems }) => problems),
    ],
    unprepared: parts.filter(({ unprepared }) => unprepared).length,
  };
}

async function compileEndpoint(
  context: CompileContext,
  policy: PolicyContext,
  endpoint: Endpoint,
): Promise<Part> {
  const types = checkTypes(endpoint);
  if (endpoint.body?.language === 'typescript')
    return compileTypescript(context, policy, endpoint, endpoint.body, types);
  if (endpoint.kind === 'prompt') {
    const prompt = compilePrompt(endpoint.messages, endpoint.parameters);
    const problems = [...types, ...prompt.problems.map((found) => labelled(endpoint, found))];
    return finish(endpoint, policy, problems, () => promptExecutor(prompt.render));
  }
  if (context.database === undefined)
    return { ...finish(endpoint, policy, types, undefined), unprepared: true };
  const { database } = context;
  const preparation = await database.prepare(endpoint.body, endpoint.parameters);
  const { body } = preparation;
  const found = [...types, ...checkPreparation(endpoint, preparation)];
  const columns = body?.kind === 'sql' ? body.columns : undefined;
  return finish(
    endpoint,
    { ...policy, columns },
    found,
    body && (() => sqlExecutor(database, endpoint, body)),
  );
}

function compileTypescript(
  { bodies, database, project, logger }: CompileContext,
  policy: PolicyContext,
  endpoint: Endpoint,
  body: TypeScriptBody,
  types: readonly Problem[],
): Part {
  const found = [...types, ...(bodies?.problems(body) ?? []).map((one) => labelled(endpoint, one))];
  if (bodies === undefined || database === undefined) return finish(endpoint, policy, found, undefined);
  const site = { bodies, database, secrets: project.secrets, logger };
  return finish(endpoint, policy, found, (rules) => typescriptExecutor(site, endpoint, body, rules));
}

function labelled(endpoint: Endpoint, problem: Problem): Problem {
  return { ...problem, endpoint: `${endpoint.kind}/${endpoint.name}` };
}

function finish(
  endpoint: Endpoint,
  policy: PolicyContext,
  found: readonly Problem[],
  createExecutor: ((rules: EndpointRules) => Executor) | undefined,
): Part {
  const { rules, problems: ruleProblems, capabilities } = compileRules(endpoint, policy);
  const problems = [...found, ...ruleProblems];
  if (rules === undefined || createExecutor === undefined || problems.some(isError))
    return { problems, capabilities };
  return { problems, capabilities, operation: assemble(endpoint, rules, createExecutor(rules)) };
}

function assemble(endpoint: Endpoint, rules: EndpointRules, executor: Executor): Operation {
  const returns = endpoint.kind === 'prompt' ? undefined : endpoint.returns;
  const { kind, name, tags, parameters, limits } = endpoint;
  return {
    endpoint,
    subject: Object.freeze({ kind, name, tags }),
    inputSchema: memoize(() => inputSchema(parameters)),
    outputSchema: memoize(() => returns && outputSchema(returns, rules.effects(returns))),
    bind: compileArguments(parameters),
    rules,
    executor,
    result: compileResult(returns),
    gate: limits.concurrency === undefined ? undefined : createGate(limits.concurrency),
  };
}
