import { InvalidArgumentError, Option, type Command } from 'commander';
import { isLogColumn, logColumns } from '../audit/log-columns.js';
import { parseTime, type LogFilter } from '../audit/log-filter.js';
import { UsageError } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { auditSettings } from './audit-settings.js';
import type { Context, ExitCode, Invoke } from './context.js';
import type { LogOptions } from './log-options.js';
import { configureLogShow } from './log-show.js';
import { configureLogVerify } from './log-verify.js';
import { exportRecords, followRecords, printRecords, printStats } from './log-output.js';
import { limitOption, offsetOption } from './page-options.js';

/** The filter that the options mean. Throws `AUDIT_QUERY_FAILED` for a time that is none. */
export function filterOf(options: LogOptions, now: number): LogFilter {
  const time = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : parseTime(text, now, options.utc === true);
  return { ...options, since: time(options.since), until: time(options.until) };
}

/** Options of which only one says what happens. */
const actions = ['follow', 'stats', 'exportCsv', 'exportDuckdb', 'exportParquet'] as const;

function checkCombination(context: Context, options: LogOptions): void {
  const chosen = actions.filter((name) => options[name] !== undefined);
  const forms = [options.jsonl, options.csv, context.options.json || undefined].filter(
    (one) => one !== undefined,
  );
  if (chosen.length > 1) throw new UsageError('Choose one of --follow, --stats and the exports');
  if (forms.length > 1) throw new UsageError('Choose one of --json, --jsonl and --csv');
  if (options.follow !== undefined && (options.until !== undefined || context.options.json)) {
    throw new UsageError('--follow goes with neither --until nor --json (use --jsonl)');
  }
  if (options.by !== undefined && options.stats === undefined) throw new UsageError('--by goes with --stats');
}

/** Prints, follows, counts or exports records of the audit log. Opens no database of the site, and records nothing. */
export async function log(context: Context, options: LogOptions): Promise<ExitCode> {
  checkCombination(context, options);
  const audit = await auditSettings(context);
  const filter = filterOf(options, Date.now());
  if (options.follow !== undefined) return followRecords(context, audit.path, filter, options);
  if (options.stats !== undefined) return printStats(context, audit.path, filter, options.by ?? 'tool');
  if (options.exportCsv ?? options.exportDuckdb ?? options.exportParquet) {
    return exportRecords(context, audit.path, filter, options);
  }
  return printRecords(context, audit.path, filter, options);
}

function fieldList(text: string): string[] {
  const fields = text.split(',').map((name) => name.trim());
  const unknown = fields.find((name) => !isLogColumn(name));
  if (unknown !== undefined) {
    const near = logColumns.find((name) => name === `${unknown}name`) ?? didYouMean(unknown, logColumns);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new InvalidArgumentError(`A record has no field '${unknown}'${hint === '' ? '.' : hint}`);
  }
  return fields;
}

function addFilters(command: Command): void {
  command
    .option('--tool <name>', 'only calls of this tool')
    .option('--resource <uri>', 'only reads of this resource, by template or by concrete URI')
    .option('--prompt <name>', 'only calls of this prompt')
    .addOption(
      new Option('--type <type>', 'only records of this kind').choices([
        'tool',
        'resource',
        'prompt',
        'completion',
        'auth',
        'admin',
        'server',
      ]),
    )
    .addOption(
      new Option('--policy <decision>', 'only this decision').choices(['allow', 'deny', 'warn', 'n/a']),
    )
    .option('--rule <id>', 'only calls that this rule decided or changed, or would have in shadow')
    .addOption(
      new Option('--status <status>', 'only this end of a call').choices(['success', 'error', 'started']),
    )
    .option('--user <user>', 'only this user, by id, key or name')
    .option('--client <client>', 'only this client, by id or name')
    .option('--session <id>', 'only this session')
    .option('--trace <id>', 'only this trace')
    .option('--call <id>', 'only this call')
    .option('--since <time>', 'not before: 10s, 5m, 2h, 1d, or an ISO time')
    .option('--until <time>', 'before: the same')
    .option('--grep <text>', 'only records in which this text occurs')
    .option('--shadow', 'only calls on which a rule in shadow mode would have acted');
}

function addOutput(command: Command): void {
  command
    .addOption(limitOption('records'))
    .addOption(offsetOption('records'))
    .option('--asc', 'oldest first')
    .option('--utc', 'times in UTC')
    .addOption(new Option('--fields <names>', 'fields to show, separated by commas').argParser(fieldList))
    .option('--jsonl', 'print one JSON object per line')
    .option('--csv', 'print CSV')
    .option('--export-csv <file>', 'write all matching records to a CSV file')
    .option('--export-duckdb <file>', 'write them to the table audit_logs of a DuckDB file')
    .option('--export-parquet <file>', 'write them to a Parquet file')
    .option('--follow', 'go on printing as records are written')
    .option('--stats', 'count instead of listing')
    .addOption(
      new Option('--by <group>', 'what --stats counts by').choices([
        'tool',
        'user',
        'policy',
        'rule',
        'hour',
      ]),
    );
}

/** A subcommand that takes no other words than its own, and whose help lists the options of all commands and not those of the search. */
function subcommand(command: Command, name: string): Command {
  return command
    .command(name)
    .allowExcessArguments(false)
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: () => [...(command.parent?.options ?? [])],
    });
}

function refuseWord(word: string): never {
  const near = didYouMean(word, ['show', 'verify']);
  const hint = near === undefined ? 'there are show and verify' : `did you mean ${near}?`;
  throw new UsageError(`Unknown subcommand of log: ${word}; ${hint}`);
}

/** `mxcp log`, `mxcp log show` and `mxcp log verify`. */
export function configure(command: Command, invoke: Invoke): void {
  addFilters(command);
  addOutput(command);
  command.allowExcessArguments().action((options: LogOptions, { args: [word] }: Command) => {
    if (word !== undefined) refuseWord(word);
    return invoke((context) => log(context, options));
  });
  configureLogShow(subcommand(command, 'show'), invoke);
  configureLogVerify(subcommand(command, 'verify'), invoke);
}
