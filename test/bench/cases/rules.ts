import { performance } from 'node:perf_hooks';
import { call } from '../../../src/engine/pipeline.js';
import { micros, type Row } from '../measure.js';
import { openBenchSite, wish } from '../open-bench-site.js';

const conditions = [
  "user.role != 'hr' && !('people.pay' in user.capabilities)",
  "amount > 1000 && user.email != null && !user.email.endsWith('@example.com')",
  "request.transport == 'stdio' || endpoint.name.startsWith('admin_')",
];

/** One CEL rule, compiled once. */
export async function ruleCases(): Promise<Row[]> {
  const rules = conditions.map(
    (condition) => `      - {condition: ${JSON.stringify(condition)}, action: deny, mode: shadow}`,
  );
  const runtime = await openBenchSite({
    'mxcp-site.yml':
      'mxcp: 1\nproject: bench\nprofile: default\nprofiles: {default: {duckdb: {path: ":memory:"}}}\n',
    'tools/ruled.yml': `mxcp: 1
tool:
  name: ruled
  parameters: [{name: amount, type: number}]
  source: {code: SELECT $amount AS amount}
  policies:
    input:
${rules.join('\n')}
`,
  });
  const operation = runtime.registry.find('tool', 'ruled');
  if (operation === undefined) throw new Error('The bench site is wrong');
  const { caller, context: request } = wish(runtime, 'ruled', { amount: 1500 });
  const subject = { caller, request, endpoint: operation.subject };
  const args = operation.bind({ amount: 1500 });
  const count = 200_000;
  let us = Infinity;
  for (let round = 0; round < 4; round++) {
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      operation.rules.early(subject);
      operation.rules.authorize(subject, args);
    }
    us = Math.min(us, ((performance.now() - start) * 1000) / count / conditions.length);
  }
  await call(runtime, wish(runtime, 'ruled', { amount: 1 }));
  await runtime.close();
  return [
    {
      case: 'one CEL rule, asked and noted',
      ours: micros(us),
      floor: '',
      ratio: undefined,
      target: '≤ 2 µs',
    },
  ];
}
