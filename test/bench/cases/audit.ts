import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openAuditLog } from '../../../src/audit/open-audit-log.js';
import { entry, makeSite, siteSecret } from '../../audit/support.js';
import { median, micros, timed, type Row } from '../measure.js';

const records = 20_000;
const example = entry({
  user_key: 'github|4711',
  username: 'sam',
  role: 'support',
  call_id: 'c0ffee00-0000-4000-8000-000000000000',
});

/** Microseconds a record: append as a call does it, `writers` at once. Returns the log's folder too. */
async function append(writers: number): Promise<{ readonly us: number; readonly folder: string }> {
  const site = makeSite();
  const log = await openAuditLog({ settings: site.settings, siteSecret, stateDirectory: site.state });
  const ms = await timed(() =>
    Promise.all(
      Array.from({ length: writers }, async () => {
        for (let i = 0; i < records / writers; i++) await log.append({ ...example, call_id: undefined });
      }),
    ),
  );
  await log.close();
  return { us: (ms * 1000) / records, folder: site.folder };
}

/** Microseconds a record: write(2) of the very same lines, nothing else. */
async function bareWrite(folder: string): Promise<number> {
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .map((line) => Buffer.from(`${line}\n`));
  const file = openSync(join(folder, 'floor'), 'a');
  const ms = await timed(() => {
    for (const line of lines) writeSync(file, line);
  });
  closeSync(file);
  return (ms * 1000) / lines.length;
}

/** Appending to the audit log against write(2) of the same bytes. */
export async function auditCases(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const writers of [1, 64]) {
    const ours: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < 5; round++) {
      const { us, folder } = await append(writers);
      ours.push(us);
      floor.push(await bareWrite(folder));
    }
    rows.push({
      case: `audit append, sync interval, ${writers} at once / write(2)`,
      ours: micros(median(ours)),
      floor: micros(median(floor)),
      ratio: median(ours) / median(floor),
      target: '≤ 1.5',
    });
  }
  return rows;
}
