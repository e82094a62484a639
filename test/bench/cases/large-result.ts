import { call } from '../../../src/engine/pipeline.js';
import { inTurn, millis, timed, type Row } from '../measure.js';
import { openBenchSite, wish } from '../open-bench-site.js';

const sql = `SELECT i AS id, 'person ' || i AS name, 'p' || i || '@example.com' AS email, '999-00-' || (1000 + i % 9000) AS ssn, {street: 'Street ' || i, city: 'C' || (i % 50), phone: '+49 30 ' || (100000 + i)} AS address, i * 3 AS amount FROM range(10000) t(i)`;

const tool = (name: string, policies: string): string => `mxcp: 1
tool:
  name: ${name}
  annotations: {readOnlyHint: true}
  return: {type: array}
${policies}  source: {code: "${sql}"}
`;

const masks = `  policies:
    output:
      - {condition: "user.role != 'hr'", action: mask_fields, fields: [email, ssn, address.street, address.city, address.phone]}
`;

/** A large result under masks: what rules and one serialisation add to the same result without rules. */
export async function largeResultCases(): Promise<Row[]> {
  const runtime = await openBenchSite({
    'mxcp-site.yml': `mxcp: 1
project: bench
profile: default
profiles: {default: {duckdb: {path: ":memory:", threads: 1}, audit: {enabled: false}}}
`,
    'tools/plain.yml': tool('plain', ''),
    'tools/masked.yml': tool('masked', masks),
  });
  const plain = wish(runtime, 'plain', {});
  const masked = wish(runtime, 'masked', {});
  const outcome = await call(runtime, plain);
  if (outcome.status !== 'success' || outcome.released.form !== 'value')
    throw new Error('The bench site is wrong');
  const { value } = outcome.released;
  const pipeline = await inTurn(
    7,
    () => timed(() => call(runtime, masked)),
    () => timed(() => call(runtime, plain)),
  );
  const serialise = await inTurn(
    7,
    () => timed(() => JSON.stringify(value)),
    () => timed(() => JSON.stringify(value)),
  );
  const added = pipeline.ours - pipeline.floor + serialise.floor;
  await runtime.close();
  return [
    {
      case: '10,000 rows, 5 fields masked, 3 nested: rules and JSON / JSON',
      ours: millis(added),
      floor: millis(serialise.floor),
      ratio: added / serialise.floor,
      target: '≤ 2.5',
    },
  ];
}
