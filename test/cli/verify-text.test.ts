import { expect, it } from 'vitest';
import { foreignKey, type VerifyReport } from '../../src/audit/verify-report.js';
import { answerText, verifyText } from '../../src/cli/verify-text.js';

const intact: VerifyReport = {
  answer: 'anchored',
  segments: 1,
  records: 3,
  unanchored: 0,
  unchecked: 0,
  signed: 0,
  running: 0,
  retired: 0,
  unfinished: [],
  notChained: [],
  findings: [],
  findingCount: 0,
};
const outcome = {
  kind: 'missing-outcome',
  file: 'a.jsonl',
  line: 2,
  message: 'call x has no outcome',
} as const;
const foreign = { kind: 'broken', file: 'a.jsonl', line: 1, message: `the signature ${foreignKey}` } as const;
const hash = { kind: 'broken', file: 'a.jsonl', line: 2, message: 'it was changed' } as const;
const tail = { kind: 'missing-tail', file: 'a.jsonl', message: 'ends at record 2' } as const;

it.each<[string, Partial<VerifyReport>, string, RegExp]>([
  ['all is well', {}, 'intact and anchored', /^3 records in 1 segment$/],
  [
    'the newest records are not anchored',
    { answer: 'up-to-head', unanchored: 1 },
    'intact up to head (1 later record not yet anchored)',
    /sync_interval/,
  ],
  [
    'there is no signature',
    { answer: 'unsigned', unchecked: 3 },
    'intact but unsigned (3 records without a signature)',
    /set secret_key or audit\.signing_key/,
  ],
  [
    'there is no key',
    { answer: 'unsigned', unchecked: 3, signed: 3 },
    'intact but unsigned (the key of 3 signatures is not at hand)',
    /secret_key of the server/,
  ],
  [
    'a call was cut short',
    { answer: 'missing', findings: [outcome], findingCount: 1 },
    'missing outcome at a.jsonl:2',
    /crash or a power cut/,
  ],
  [
    'a record was changed, among many whose key is not at hand',
    { answer: 'broken', findings: [foreign, hash], findingCount: 9 },
    'broken at a.jsonl:2',
    /is not what was written/,
  ],
  [
    'only the key is not at hand',
    { answer: 'broken', findings: [foreign], findingCount: 1 },
    'broken at a.jsonl:1',
    /auth\.previous_keys/,
  ],
  [
    'records were cut off',
    { answer: 'missing', findings: [tail, outcome], findingCount: 2 },
    'missing tail at a.jsonl',
    /Look for it in a backup/,
  ],
])('a verification says what it found and what to do next: %s', (_what, change, answer, next) => {
  const report = { ...intact, ...change };
  const [first, second = ''] = verifyText(report, answerText(report)).split('\n');
  expect(first).toBe(answer);
  expect(second).toMatch(next);
});
