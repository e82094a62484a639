import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ExecuteFailedError, PolicyDeniedError } from '../../../src/errors.js';
import { assertOutcome } from '../../../src/cli/testing/assert-outcome.js';
import type { TestAssertions } from '../../../src/model/endpoint.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import type { Outcome, PolicyDecision, RenderedMessage, RuleTrace } from '../../../src/model/outcome.js';

interface OutcomeCase {
  readonly value?: Json;
  readonly messages?: readonly RenderedMessage[];
  readonly error?: string;
  readonly denied?: string;
  readonly message?: string;
  readonly decision?: PolicyDecision;
  readonly matched?: readonly string[];
  readonly unmatched?: readonly string[];
}

interface Case {
  readonly name: string;
  readonly outcome: OutcomeCase;
  readonly schema?: JsonObject;
  readonly wanted: TestAssertions;
  readonly fails?: readonly string[];
}

function trace(id: string, matched: boolean): RuleTrace {
  return { id, hash: '', action: 'mask_fields', shadow: false, matched, changed: 0 };
}

function outcomeOf(one: OutcomeCase): Outcome {
  const traces = [
    ...(one.matched ?? []).map((id) => trace(id, true)),
    ...(one.unmatched ?? []).map((id) => trace(id, false)),
  ];
  const base = { callId: 'c', durationMs: 1, policy: { decision: one.decision ?? 'allow', traces } } as const;
  const message = one.message ?? '';
  if (one.denied !== undefined) {
    const policy = { decision: 'deny', rule: one.denied, traces } as const;
    return { ...base, policy, status: 'denied', error: new PolicyDeniedError(message, one.denied, 'input') };
  }
  if (one.error !== undefined) return { ...base, status: 'error', error: new ExecuteFailedError(message) };
  const released =
    one.messages === undefined
      ? ({ form: 'value', value: one.value ?? null, json: '', truncated: false } as const)
      : ({ form: 'messages', messages: one.messages } as const);
  return { ...base, status: 'success', released };
}

const cases = parse(readFileSync(new URL('../cases/assertions.yml', import.meta.url), 'utf8')) as Case[];

describe('test assertions', () => {
  it.each(cases.map((one) => [one.name, one] as const))(
    '%s',
    (_, { outcome, schema, wanted, fails = [] }) => {
      const failures = assertOutcome(outcomeOf(outcome), schema, wanted);
      expect(failures.join('\n')).toEqual(fails.length === 0 ? '' : expect.stringContaining(fails[0] ?? ''));
      expect(failures).toHaveLength(fails.length);
      for (const [i, part] of fails.entries()) expect(failures[i]).toContain(part);
    },
  );
});
