import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import type { Json, JsonObject } from '../../src/model/json.js';
import type { Outcome } from '../../src/model/outcome.js';
import { openSite, type OpenSite } from '../transport/open-site.js';
import { files, languages, matrix } from './bodies-matrix-site.js';

let site: OpenSite;

beforeAll(async () => {
  site = await openSite(files);
});

afterAll(() => site.close());

function run(name: string, args: JsonObject): Promise<Outcome> {
  const context = { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} } as const;
  const caller = site.runtime.callerOf('http');
  return call(site.runtime, { kind: 'tool', name, arguments: args, caller, context });
}

/** What must not depend on the language. */
function observed(outcome: Outcome, name: string): Record<string, unknown> {
  const { decision, rule, traces } = outcome.policy;
  const text = (value: string): string => value.replaceAll(name, 'tool');
  const released =
    outcome.status === 'success' && outcome.released.form === 'value' ? outcome.released : undefined;
  const record = site.records().findLast((each) => each['call_id'] === outcome.callId);
  return {
    status: outcome.status,
    code: outcome.status === 'success' ? undefined : outcome.error.code,
    message: outcome.status === 'success' ? undefined : text(outcome.error.message),
    value: released?.value,
    truncated: released?.truncated,
    decision,
    rule: rule && text(rule),
    traces: traces.map(({ id, matched, changed, shadow }) => ({ id: text(id), matched, changed, shadow })),
    recorded: [
      record?.['operation_status'],
      record?.['policy_decision'],
      record?.['error_code'],
      record?.['output_rows'],
    ],
  };
}

describe.each(matrix.cases.map((one, index) => [one.name, one, index] as const))('%s', (_, one, index) => {
  const { expect: wanted } = one;

  it.each(languages)('with a body in %s', async (language) => {
    const found = observed(await run(`${language}_${index}`, one.arguments ?? {}), `${language}_${index}`);
    expect(found).toMatchObject({ decision: wanted.decision, code: wanted.code });
    if (wanted.rule !== undefined) expect(found['rule']).toBe(wanted.rule);
    if (wanted.rows !== undefined) expect(found['value']).toHaveLength(wanted.rows);
    if (wanted.truncated !== undefined) expect(found['truncated']).toBe(wanted.truncated);
    for (const text of wanted.without ?? [])
      expect(JSON.stringify(found['value'] as Json)).not.toContain(text);
  });

  it('is the same in both', async () => {
    const [first, second] = await Promise.all(
      languages.map(async (language) =>
        observed(await run(`${language}_${index}`, one.arguments ?? {}), `${language}_${index}`),
      ),
    );
    expect(second).toEqual(first);
  });
});
