import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openAuditLog } from '../../../src/audit/open-audit-log.js';
import { entry, makeSite, siteSecret } from '../../audit/support.js';
import { median, micros, timed, type Row } from '../measure.js';

const example = entry({
  user_key: 'github|4711',
  username: 'sam',
  role: 'support',
  call_id: 'c0ffee00-0000-4000-8000-000000000000',
});

/** How a log is written to. */
interface Load {
  readonly sync: 'interval' | 'always';
  readonly writers: number;
  readonly records: number;
}

/** Microseconds a record: append as a call does it, `writers` at once. Returns the log's folder too. */
async function append({
  sync,
  writers,
  records,
}: Load): Promise<{ readonly us: number; readonly folder: string }> {
  const site = makeSite({ sync });
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

/** Microseconds a record: write(2) of the very same lines, and one fdatasync(2) for each group of writers; nothing else. */
async function bareWrite(folder: string, { sync, writers }: Load): Promise<number> {
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .map((line) => Buffer.from(`${line}\n`));
  const file = openSync(join(folder, 'floor'), 'a');
  const ms = await timed(() => {
    for (const [index, line] of lines.entries()) {
      writeSync(file, line);
      if (sync === 'always' && index % writers === writers - 1) fdatasyncSync(file);
    }
  });
  closeSync(file);
  return (ms * 1000) / lines.length;
}

const loads: readonly Load[] = [
  { sync: 'interval', writers: 1, records: 20_000 },
  { sync: 'interval', writers: 64, records: 20_000 },
  { sync: 'always', writers: 1, records: 200 },
  { sync: 'always', writers: 64, records: 6_400 },
];

/** Appending to the audit log against write(2) of the same bytes, and with `sync: always` one fdatasync(2) a group. */
export async function auditCases(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const load of loads) {
    const ours: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < 5; round++) {
      const { us, folder } = await append(load);
      ours.push(us);
      floor.push(await bareWrite(folder, load));
    }
    rows.push({
      case: `audit append, sync ${load.sync}, ${load.writers} at once / write(2)${load.sync === 'always' ? ' and fdatasync(2)' : ''}`,
      ours: micros(median(ours)),
      floor: micros(median(floor)),
      ratio: median(ours) / median(floor),
      target: '≤ 1.5',
    });
  }
  return rows;
}
