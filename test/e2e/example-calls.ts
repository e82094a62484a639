import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const site = fileURLToPath(new URL('../../examples/site', import.meta.url));

interface Test {
  readonly user?: string;
  readonly arguments?: Record<string, unknown>;
  readonly decision?: string;
  readonly error?: { readonly code?: string };
  /** Answers of services that are only there in the example's own tests. */
  readonly http?: readonly object[];
}

interface Declared {
  readonly name?: string;
  readonly uri?: string;
  readonly tests?: readonly Test[];
}

/** A call that the author of the example site thought of, and how it ends for whom. */
export interface ExampleCall {
  readonly arguments: Record<string, unknown>;
  readonly person: string;
  /** The code of the failure that the author expects for that person. */
  readonly code: string | undefined;
  /** It asks a service that need not be there. */
  readonly asksService: boolean;
}

/** Name of a tool or prompt, or URI of a resource, with the calls of its tests. */
export interface Example {
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly name: string;
  readonly calls: readonly ExampleCall[];
}

function toCall(test: Test): ExampleCall {
  const code = test.error?.code ?? (test.decision === 'deny' ? 'POLICY_DENIED' : undefined);
  const asksService = test.http !== undefined;
  return { arguments: test.arguments ?? {}, person: test.user ?? 'stranger', code, asksService };
}

function readExamples(file: string): Example[] {
  const document = parse(readFileSync(file, 'utf8')) as Record<string, Declared | undefined>;
  return (['tool', 'resource', 'prompt'] as const).flatMap((kind) => {
    const declared = document[kind];
    const name = declared?.name === undefined || kind === 'resource' ? declared?.uri : declared.name;
    return name === undefined ? [] : [{ kind, name, calls: (declared?.tests ?? []).map(toCall) }];
  });
}

/** Every endpoint of the example site. */
export const examples: readonly Example[] = ['tools', 'resources', 'prompts', 'tests'].flatMap((folder) =>
  readdirSync(join(site, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .flatMap((name) => readExamples(join(site, folder, name))),
);

/** The different arguments of an endpoint's calls. */
export function argumentsOf(kind: Example['kind'], name: string): Record<string, unknown>[] {
  const calls = examples.filter((one) => one.kind === kind && one.name === name).flatMap((one) => one.calls);
  return [...new Map(calls.map((call) => [JSON.stringify(call.arguments), call.arguments])).values()];
}

function sameCalls(kind: Example['kind'], name: string, args: object): ExampleCall[] {
  return examples
    .filter((one) => one.kind === kind && one.name === name)
    .flatMap((one) => one.calls)
    .filter((one) => JSON.stringify(one.arguments) === JSON.stringify(args));
}

/** How that call may end for that person: as the author says, or else like for any other person, or with success. */
export function possibleEnds(
  kind: Example['kind'],
  name: string,
  args: object,
  person: string,
): readonly string[] {
  const same = sameCalls(kind, name, args);
  const asksService = same.some((one) => one.asksService);
  const unreachable = asksService ? ['EXECUTE_TOOL_ERROR', 'EXECUTE_BODY_FAILED'] : [];
  const own = same.find((one) => one.person === person);
  if (own) return [own.code ?? 'success', ...unreachable];
  return ['success', 'POLICY_DENIED', ...same.flatMap(({ code }) => code ?? []), ...unreachable];
}
