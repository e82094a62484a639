import type { Command } from 'commander';
import { queryLog } from '../audit/query-log.js';
import { AuditQueryError } from '../errors.js';
import type { JsonObject } from '../model/json.js';
import { auditSettings } from './audit-settings.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { cell } from './log-text.js';
import { printResult } from './output.js';
import { printable } from './printable.js';

function recordText(context: Context, record: JsonObject): string {
  const names = Object.keys(record);
  const width = Math.max(...names.map((name) => name.length));
  return names
    .map((name) => {
      const value = record[name];
      const shown = typeof value === 'object' ? JSON.stringify(value, null, 2) : cell(name, value, true);
      return `${context.colors.stdout.bold(name.padEnd(width))}  ${printable(shown).replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`;
    })
    .join('\n');
}

/** Prints everything that is on record about one record or call: its id is that of either. */
export async function logShow(context: Context, id: string): Promise<ExitCode> {
  const audit = await auditSettings(context);
  const page = { path: audit.path, limit: 10, offset: 0, ascending: true };
  const byRecord = await queryLog({ ...page, filter: { record: id } });
  const { records } = byRecord.total > 0 ? byRecord : await queryLog({ ...page, filter: { call: id } });
  if (records.length === 0) throw new AuditQueryError('No record and no call has this id');
  return printResult(context, records, () => records.map((one) => recordText(context, one)).join('\n\n'));
}

/** `mxcp log show`. */
export function configureLogShow(command: Command, invoke: Invoke): void {
  command
    .summary('Print everything on record about one record or call')
    .description('Print everything on record about one record or call')
    .argument('<id>', 'record_id or call_id')
    .action((id: string) => invoke((context) => logShow(context, id)));
}
