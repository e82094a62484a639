import { createWriteStream, existsSync } from 'node:fs';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { exportLog } from '../audit/export-log.js';
import { followLog } from '../audit/follow-log.js';
import { logColumns } from '../audit/log-columns.js';
import type { LogFilter } from '../audit/log-filter.js';
import { logStats, type StatsGroup, type StatsKey } from '../audit/log-stats.js';
import { queryLog, type LogQuery } from '../audit/query-log.js';
import { replaceFile } from '../audit/replace-file.js';
import { streamLog } from '../audit/stream-log.js';
import type { UnreadableLines } from '../audit/unreadable-lines.js';
import { UsageError } from '../errors.js';
import type { JsonObject } from '../model/json.js';
import type { Context, ExitCode } from './context.js';
import { csvLine } from './csv.js';
import type { LogOptions } from './log-options.js';
import { printNote, printResult, printText } from './output.js';
import { printableLine } from './printable.js';
import { cell, recordRow, rowColumns, rowHead } from './log-text.js';
import { cellText, tableText } from './table.js';

/** More than this is printed while it is read, instead of being held. */
const largestPage = 5000;

/** Says which lines of the log are no records: always, also with `--quiet`, because they may hide something. */
function warnUnreadable(context: Context, { count, places }: UnreadableLines): void {
  if (count === 0) return;
  const named = places.map(({ file, line }) => `  ${file}:${line}`).join('\n');
  const more = count > places.length ? `\n  and ${count - places.length} more` : '';
  const lines = count === 1 ? '1 line of the audit log is' : `${count} lines of the audit log are`;
  context.world.stderr.write(`${lines} not readable (mxcp log verify says more):\n${named}${more}\n`);
}

type Form = 'table' | 'json' | 'jsonl' | 'csv';

function formOf(context: Context, options: LogOptions): Form {
  if (options.jsonl !== undefined) return 'jsonl';
  if (options.csv !== undefined) return 'csv';
  return context.options.json ? 'json' : 'table';
}

function columnsOf(form: Form, options: LogOptions): readonly string[] {
  return options.fields ?? (form === 'table' ? rowColumns : logColumns);
}

function lineOf(form: Form, columns: readonly string[], record: JsonObject): string {
  return form === 'csv' ? csvLine(columns.map((name) => record[name])) : `${JSON.stringify(record)}\n`;
}

/** A file or a pipe gets lines as they are; a terminal gets nothing that it would obey. */
function writeLine({ world }: Context, line: string): void {
  world.stdout.write(world.stdout.isTTY === true ? printableLine(line) : line);
}

/** Prints a page of records. */
export async function printRecords(
  context: Context,
  path: string,
  filter: LogFilter,
  options: LogOptions,
): Promise<ExitCode> {
  const form = formOf(context, options);
  const columns = columnsOf(form, options);
  const query = {
    path,
    filter,
    columns,
    limit: options.limit,
    offset: options.offset,
    ascending: options.asc !== undefined,
    signal: context.world.interrupts(),
  };
  if (form === 'csv') context.world.stdout.write(csvLine(columns));
  if ((form === 'csv' || form === 'jsonl') && options.limit + options.offset > largestPage) {
    let isWanted = true;
    context.world.stdout.once('error', () => (isWanted = false));
    const streamed = await streamLog(query, (record) => {
      writeLine(context, lineOf(form, columns, record));
      return isWanted;
    }).catch((error: unknown) => {
      if (isWanted) throw error;
    });
    if (streamed) warnUnreadable(context, streamed.unreadable);
    return 0;
  }
  const { records, total, unreadable } = await queryLog(query);
  if (form === 'json') printResult(context, { records, total, unreadable }, () => '');
  else if (form === 'table') printText(context, pageText(context, records, total, options));
  else for (const record of records) writeLine(context, lineOf(form, columns, record));
  warnUnreadable(context, unreadable);
  return 0;
}

function pageText(
  context: Context,
  records: readonly JsonObject[],
  total: number,
  options: LogOptions,
): string {
  const colors = context.colors.stdout;
  if (records.length === 0) return total === 0 ? 'No records' : `No records there: ${total} in all`;
  const utc = options.utc === true;
  const table =
    options.fields === undefined
      ? tableText(
          rowHead,
          records.map((record) => recordRow(record, utc, colors)),
          colors,
        )
      : tableText(
          options.fields,
          records.map((record) => (options.fields ?? []).map((name) => cell(name, record[name], utc))),
          colors,
        );
  const from = options.offset + 1;
  return records.length === total ? table : `${table}\n${from}-${from + records.length - 1} of ${total}`;
}

/** Prints records as they are written, until the command is interrupted. */
export async function followRecords(
  context: Context,
  path: string,
  filter: LogFilter,
  options: LogOptions,
): Promise<ExitCode> {
  const form = formOf(context, options);
  const columns = columnsOf(form, options);
  const colors = context.colors.stdout;
  if (form === 'csv') context.world.stdout.write(csvLine(columns));
  await followLog({
    path,
    filter,
    signal: context.world.interrupts(),
    unreadable: (file) => void context.world.stderr.write(`A line of ${file} is not readable\n`),
    take: (record) => {
      const shown = options.fields === undefined ? record : pick(record, columns);
      const row = options.fields?.map((name) => cell(name, record[name], options.utc === true));
      if (form !== 'table') writeLine(context, lineOf(form, columns, shown));
      else {
        const cells = row ?? recordRow(record, options.utc === true, colors);
        context.world.stdout.write(`${cells.map(cellText).join('  ')}\n`);
      }
    },
  });
  return 0;
}

function pick(record: JsonObject, columns: readonly string[]): JsonObject {
  const wanted = new Set(columns);
  return Object.fromEntries(Object.entries(record).filter(([name]) => wanted.has(name)));
}

/** Prints counts and times, in all and by group. */
export async function printStats(
  context: Context,
  path: string,
  filter: LogFilter,
  by: StatsKey,
): Promise<ExitCode> {
  const { unreadable, ...stats } = await logStats(path, filter, by, context.world.interrupts());
  const row = (title: string, group: StatsGroup): string[] => [
    title,
    ...[group.calls, group.errors, group.denials, group.rows].map(String),
    group.averageMs.toFixed(1),
    group.p95Ms.toFixed(1),
  ];
  printResult(context, { by, ...stats, unreadable }, () =>
    tableText(
      [by.toUpperCase(), 'CALLS', 'ERRORS', 'DENIED', 'ROWS', 'AVG MS', 'P95 MS'],
      [...stats.groups.map((group) => row(group.key ?? '-', group)), row('all', stats.total)],
      context.colors.stdout,
    ),
  );
  warnUnreadable(context, unreadable);
  return 0;
}

/** Writes all records of a filter to a file. */
export async function exportRecords(
  context: Context,
  path: string,
  filter: LogFilter,
  options: LogOptions,
): Promise<ExitCode> {
  const { exportCsv, exportDuckdb, exportParquet } = options;
  const file = resolve(context.world.cwd, exportCsv ?? exportDuckdb ?? exportParquet ?? '');
  const signal = context.world.interrupts();
  if (!existsSync(dirname(file))) throw new UsageError(`${dirname(file)} does not exist`);
  const { count, unreadable } =
    exportCsv === undefined
      ? await exportLog(path, filter, {
          format: exportDuckdb === undefined ? 'parquet' : 'duckdb',
          file,
          signal,
        })
      : await replaceFile(file, (draft) =>
          exportCsvFile({ path, filter, columns: options.fields ?? logColumns, signal }, draft),
        );
  printResult(context, { file, records: count, unreadable }, () => `${count} records in ${file}`);
  warnUnreadable(context, unreadable);
  if (exportCsv === undefined && options.fields !== undefined)
    printNote(context, '--fields has no effect on this export');
  return 0;
}

async function exportCsvFile(
  query: Pick<LogQuery, 'path' | 'filter' | 'signal'> & { readonly columns: readonly string[] },
  file: string,
): Promise<{ count: number; unreadable: UnreadableLines }> {
  const { columns } = query;
  const stream = createWriteStream(file, { mode: 0o600 });
  const failure = once(stream, 'error').then(([error]) => Promise.reject(error as Error));
  const write = async (text: string): Promise<void> => {
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), failure]);
  };
  await write(csvLine(columns));
  const work = streamLog({ ...query, offset: 0, ascending: true }, async (record) => {
    await write(csvLine(columns.map((name) => record[name])));
    return true;
  });
  const result = await Promise.race([work, failure]);
  stream.end();
  await Promise.race([once(stream, 'finish'), failure]);
  return result;
}
