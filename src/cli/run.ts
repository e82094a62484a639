import { Argument, type Command } from 'commander';
import { releasedJson } from '../engine/released-json.js';
import type { Runtime } from '../engine/runtime.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Caller } from '../model/caller.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Outcome } from '../model/outcome.js';
import type { EndpointKind } from '../model/rule.js';
import { cliRequest, parseRequestHeaders } from './cli-request.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { explainCaller, explainRules, explainText } from './explain.js';
import { openSite, withRuntime } from './open-site.js';
import { printNote, printResult, printText } from './output.js';
import { parameterOption, parseParameters } from './parse-parameters.js';
import { statedPersona, type PersonaOptions } from './parse-persona.js';
import { presentError } from './present-error.js';
import { printable } from './printable.js';
import { releasedText } from './released-text.js';

export interface RunOptions extends PersonaOptions {
  readonly param: readonly string[];
  readonly requestHeaders?: string;
  readonly explain?: true;
  readonly skipOutputValidation?: true;
  readonly readonly?: true;
}

function endpointOf({ registry }: Runtime, kind: EndpointKind, name: string): Endpoint | undefined {
  const operation = registry.find(kind, name);
  if (operation !== undefined || kind !== 'resource') return operation?.endpoint;
  return registry.matchResources(name)[0]?.operation?.endpoint;
}

/** What `--explain` adds: who the caller is, and every rule with what it did. */
function explanation(
  caller: Caller,
  endpoint: Endpoint | undefined,
  outcome: Outcome,
): { json: object; text: string } {
  const rules = endpoint === undefined ? [] : explainRules(endpoint, outcome.policy);
  const { decision, rule, reason } = outcome.policy;
  return {
    json: {
      call_id: outcome.callId,
      caller: explainCaller(caller),
      decision,
      rule: rule ?? null,
      reason: reason ?? null,
      rules,
    },
    text: explainText(caller, rules, outcome.policy),
  };
}

/** The operator, unlike a caller, may learn which endpoints there are. */
function noteNearName(context: Context, { project }: Runtime, kind: EndpointKind, name: string): void {
  const names = project.endpoints.filter((each) => each.kind === kind).map((each) => each.name);
  const near = didYouMean(name, names);
  if (near !== undefined && !context.options.json) printNote(context, printable(`Did you mean ${near}?`));
}

/** A caller learns only that a rule could not be evaluated; the operator has to know which one, where and why. */
function noteBrokenRules(context: Context, endpoint: Endpoint | undefined, { policy }: Outcome): void {
  const rules = endpoint === undefined ? [] : explainRules(endpoint, policy);
  for (const { id, place, matched, error } of rules) {
    if (matched !== 'not-evaluable') continue;
    printNote(
      context,
      printable(`Rule ${id} at ${place} could not be evaluated: ${error ?? 'no cause given'}`),
    );
  }
}

function printOutcome(
  context: Context,
  outcome: Outcome,
  explained: ReturnType<typeof explanation> | undefined,
): ExitCode {
  if (outcome.status !== 'success') {
    const details = explained?.json ?? { call_id: outcome.callId };
    const hintless = explained === undefined ? undefined : 'POLICY_DENIED'; // its rules follow
    const code = presentError(context, outcome.error, details, hintless);
    if (explained !== undefined && !context.options.json) printText(context, explained.text);
    return code;
  }
  const { released } = outcome;
  const value = releasedJson(released);
  const result = explained === undefined ? value : { value, ...explained.json };
  printResult(context, result, () => {
    const text = printable(releasedText(released));
    return explained === undefined ? text : `${text}\n\n${explained.text}`;
  });
  if (released.form === 'value' && released.truncated) printNote(context, 'The result was cut at a limit');
  return 0;
}

/**
 * One call through the whole pipeline, by who `-u`, `--as` or MXCP_AS says, else by nobody. A resource is named by its template,
 * with `-p`, or by a concrete URI. Exit code 1 when the call was denied or failed.
 */
export async function run(
  context: Context,
  kind: EndpointKind,
  name: string,
  options: RunOptions,
): Promise<ExitCode> {
  const { cwd, interrupts } = context.world;
  const parameters = parseParameters(options.param, cwd);
  const headers = parseRequestHeaders(options.requestHeaders, cwd);
  const site = await openSite(context, {
    overrides: { readonly: options.readonly },
    ignoreErrors: () => true,
  });
  const persona = statedPersona(site, options, cwd);
  return withRuntime(context, site, 'run', async (runtime) => {
    const concrete = kind === 'resource' && runtime.registry.find(kind, name) === undefined;
    const request = {
      kind,
      name,
      arguments: concrete && options.param.length === 0 ? undefined : parameters,
      caller: runtime.callerOf('cli', persona),
      context: cliRequest(headers),
      signal: interrupts(),
    };
    const { call } = await import('../engine/pipeline.js');
    const outcome = await call(runtime, request, { skipResultCheck: options.skipOutputValidation === true });
    const endpoint = endpointOf(runtime, kind, name);
    const explained = options.explain && explanation(request.caller, endpoint, outcome);
    const code = printOutcome(context, outcome, explained);
    if (endpoint === undefined) noteNearName(context, runtime, kind, name);
    if (explained === undefined) noteBrokenRules(context, endpoint, outcome);
    return code;
  });
}

/** `mxcp run tool|resource|prompt NAME`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .addArgument(new Argument('<kind>', 'what it is').choices(['tool', 'resource', 'prompt']))
    .argument('<name>', 'its name; of a resource, the template or a concrete URI')
    .addOption(parameterOption('an argument'))
    .option('-u, --user-context <user>', 'who calls: JSON, @file, or role=hr,email=a@b.c')
    .option('--as <name>', 'who calls: a user of the site file')
    .option('--request-headers <json>', 'headers of the request: JSON or @file')
    .option('--explain', 'print every rule and what it did')
    .option('--skip-output-validation', 'do not check the result against the return type')
    .option('--readonly', 'open the database read-only')
    .action((kind: EndpointKind, name: string, options: RunOptions) =>
      invoke((context) => run(context, kind, name, options)),
    );
}
