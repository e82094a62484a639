import { performance } from 'node:perf_hooks';
import type { Runtime } from '../../engine/runtime.js';
import { isMxcpError } from '../../errors.js';
import type { Persona } from '../../model/caller.js';
import type { EndpointTest } from '../../model/endpoint.js';
import { cliRequest, requestHeaders } from '../cli-request.js';
import { namedPersona } from '../parse-persona.js';
import { assertOutcome } from './assert-outcome.js';
import type { Tried } from './coverage.js';
import type { TestResult } from './report.js';
import type { PlannedTest } from './test-plan.js';

/** What holds for all tests of a run. */
export interface TestRun {
  readonly runtime: Runtime;
  /** From `-u` or `--as`: instead of what each test says. */
  readonly persona: Persona | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A test's result and what each rule did in its call. */
export interface RanTest extends Tried {
  readonly result: TestResult;
}

function personaOf({ runtime, persona }: TestRun, test: EndpointTest): Persona | undefined {
  if (persona !== undefined) return persona;
  return test.user === undefined ? test.userContext : namedPersona(runtime.project, test.user);
}

function baseResult({
  endpoint,
  test,
}: PlannedTest): Pick<TestResult, 'kind' | 'endpoint' | 'file' | 'name' | 'description'> {
  return {
    kind: endpoint.kind,
    endpoint: endpoint.name,
    file: endpoint.origin.file,
    name: test.name,
    ...(test.description !== undefined && { description: test.description }),
  };
}

/** A test that nothing was tried for, with the reason. */
export function notRun(planned: PlannedTest, reason: string): RanTest {
  const result: TestResult = { ...baseResult(planned), status: 'not-run', failures: [reason], durationMs: 0 };
  return { result, endpoint: planned.endpoint, traces: [] };
}

/** Makes the call of one test through the whole pipeline, in a transaction that is rolled back, and checks the outcome. */
export async function runTest(run: TestRun, planned: PlannedTest): Promise<RanTest> {
  const { runtime, headers, signal } = run;
  const { endpoint, test } = planned;
  const operation = runtime.registry.find(endpoint.kind, endpoint.name);
  if (operation === undefined) return notRun(planned, 'the endpoint has errors: mxcp validate says which');
  if (signal.aborted) return notRun(planned, 'interrupted');
  const request = {
    kind: endpoint.kind,
    name: endpoint.name,
    arguments: test.arguments,
    caller: runtime.callerOf('cli', personaOf(run, test)),
    context: cliRequest(requestHeaders(Object.entries({ ...test.requestHeaders, ...headers }))),
    signal,
    http: test.http,
  };
  const { call } = await import('../../engine/pipeline.js');
  const startedAt = performance.now();
  try {
    const outcome = await call(runtime, request, { rollback: true });
    const failures = assertOutcome(outcome, operation.outputSchema(), test.assertions);
    const { callId, durationMs, policy } = outcome;
    const status = failures.length === 0 ? 'passed' : 'failed';
    return {
      result: { ...baseResult(planned), status, failures, durationMs, callId },
      endpoint,
      traces: policy.traces,
    };
  } catch (error) {
    if (!isMxcpError(error)) throw error;
    const failures = [`${error.message} [${error.code}]`];
    const durationMs = performance.now() - startedAt;
    return {
      result: { ...baseResult(planned), status: 'error', failures, durationMs },
      endpoint,
      traces: [],
    };
  }
}
