import { mapConcurrently } from '../../lib/map-concurrently.js';
import type { Context } from '../context.js';
import { runTest, type RanTest, type TestRun } from './run-test.js';
import type { PlannedTest } from './test-plan.js';

const parallelTests = 8;

/** Counts finished tests in one line of a terminal. */
function progress(context: Context, total: number): { readonly step: () => void; readonly end: () => void } {
  const { stderr } = context.world;
  const shown = stderr.isTTY === true && !context.options.quiet && !context.options.json;
  let done = 0;
  return {
    step: () => {
      done += 1;
      if (shown) stderr.write(`\r${done}/${total} tests`);
    },
    end: () => {
      if (shown) stderr.write('\r\u001b[K');
    },
  };
}

/**
 * Runs tests, results in their order: those that only read side by side, those that write one after another, because two
 * open transactions that write the same rows would conflict.
 */
export async function runTests(
  context: Context,
  run: TestRun,
  planned: readonly PlannedTest[],
): Promise<readonly RanTest[]> {
  const { registry, project } = run.runtime;
  const { step, end } = progress(context, planned.length);
  const indexed = [...planned.entries()];
  const writes = ({ endpoint }: PlannedTest): boolean =>
    registry.find(endpoint.kind, endpoint.name)?.executor.recordsIntent === true;
  const results = new Map<number, RanTest>();
  const runOne = async ([index, test]: (typeof indexed)[number]): Promise<void> => {
    results.set(index, await runTest(run, test));
    step();
  };
  const limit = Math.min(parallelTests, project.database.pool);
  await mapConcurrently(
    indexed.filter(([, test]) => !writes(test)),
    limit,
    runOne,
  );
  await mapConcurrently(
    indexed.filter(([, test]) => writes(test)),
    1,
    runOne,
  );
  end();
  return indexed.flatMap(([index]) => results.get(index) ?? []);
}
