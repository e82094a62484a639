import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { auditCases } from './cases/audit.js';
import { authCases } from './cases/auth.js';
import { bodyCases } from './cases/bodies.js';
import { commandCases } from './cases/command.js';
import { databaseCases } from './cases/database.js';
import { httpCases } from './cases/http.js';
import { largeResultCases } from './cases/large-result.js';
import { logCases } from './cases/log.js';
import { ruleCases } from './cases/rules.js';
import { scalingCases } from './cases/scaling.js';
import { soakCases } from './cases/soak.js';
import type { Row } from './measure.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    ms: { type: 'string', default: '1500' },
    out: { type: 'string' },
    'log-records': { type: 'string', default: '1000000' },
    minutes: { type: 'string', default: '0' },
  },
});
const ms = Number(values.ms);

const cases: Readonly<Record<string, () => Promise<Row[]>>> = {
  http: () => httpCases(ms),
  database: () => databaseCases(ms),
  'large-result': () => largeResultCases(),
  scaling: () => scalingCases(ms),
  rules: () => ruleCases(),
  audit: () => auditCases(),
  auth: () => authCases(ms),
  log: () => logCases(Number(values['log-records'])),
  bodies: () => bodyCases(ms),
  command: () => commandCases(),
  // An hour by `--only soak --minutes 60`; left out where no minutes are asked for.
  soak: () => (Number(values.minutes) > 0 ? soakCases(Number(values.minutes)) : Promise.resolve([])),
};

const rows: Row[] = [];
for (const [name, run] of Object.entries(cases)) {
  if (values.only !== undefined && !values.only.split(',').includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  rows.push(...(await run()));
}
const table = new Table({
  head: ['case', 'ours', 'floor', 'ratio', 'target'],
  style: { head: [], border: [] },
});
for (const row of rows) table.push([row.case, row.ours, row.floor, row.ratio?.toFixed(2) ?? '', row.target]);
process.stdout.write(`${table.toString()}\n`);
if (values.out !== undefined)
  writeFileSync(values.out, JSON.stringify({ node: process.version, rows }, null, 2));
