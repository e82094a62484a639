import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { JsonObject } from '../model/json.js';
import { logColumns, readType } from './log-columns.js';
import { withLogDatabase } from './log-database.js';
import { filterSql, type LogFilter } from './log-filter.js';
import { toRecord } from './query-log.js';
import { readLines } from './read-lines.js';
import { listSegments } from './segment-scan.js';
import { logPlace, type LogPlace } from './segment-name.js';
import { readRecord } from './segment-tail.js';

export interface FollowOptions {
  /** `audit.path`. */
  readonly path: string;
  readonly filter: LogFilter;
  readonly signal: AbortSignal;
  readonly take: (record: JsonObject) => void;
  /** Told about lines that are no records. */
  readonly unreadable: (file: string) => void;
  /** Milliseconds between looks. */
  readonly every?: number;
}

/** Lines at once: what is held in memory. */
const batchLines = 1000;

/** New whole lines of a log since the last look. Remembers, for each segment, how far it has read. */
function* newLines(place: LogPlace, read: Map<string, number>): Generator<{ file: string; bytes: Buffer }> {
  if (!existsSync(place.folder)) return;
  for (const { name } of listSegments(place)) {
    const path = join(place.folder, name);
    let offset = read.get(name) ?? 0;
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= offset) continue;
    for (const { bytes, whole } of readLines(path, offset)) {
      if (!whole) break;
      offset += bytes.length + 1;
      read.set(name, offset);
      yield { file: name, bytes };
    }
  }
}

async function select(
  connection: DuckDBConnection,
  filter: LogFilter,
  lines: readonly string[],
): Promise<JsonObject[]> {
  const condition = filterSql(filter);
  const fields = logColumns.map((name) =>
    readType(name) === 'JSON'
      ? `json_extract(line, '$.${name}') AS ${name}`
      : `json_extract_string(line, '$.${name}') AS ${name}`,
  );
  const starts = filter.status === undefined ? "AND operation_status IS DISTINCT FROM 'started'" : '';
  const reader = await connection.runAndReadAll(
    `SELECT ${logColumns.join(', ')} FROM (SELECT ${fields.join(', ')} FROM (SELECT unnest(from_json($lines, '["VARCHAR"]')) AS line))
      WHERE ${condition.where} ${starts} ORDER BY timestamp, record_id`,
    { ...condition.parameters, lines: JSON.stringify(lines) },
  );
  return reader.getRowObjectsJson().map((row) => toRecord(row));
}

/**
 * Hands out records as they are written, by any process, until the signal is aborted: those that are there when it
 * begins are not among them. A call shows when it ends.
 */
export async function followLog({
  path,
  filter,
  signal,
  take,
  unreadable,
  every = 250,
}: FollowOptions): Promise<void> {
  const place = logPlace(path);
  const read = new Map<string, number>();
  if (existsSync(place.folder)) {
    for (const { name } of listSegments(place)) read.set(name, statSync(join(place.folder, name)).size);
  }
  await withLogDatabase(async (connection) => {
    while (!signal.aborted) {
      let batch: string[] = [];
      const flush = async (): Promise<void> => {
        for (const record of batch.length === 0 ? [] : await select(connection, filter, batch)) take(record);
        batch = [];
      };
      for (const { file, bytes } of newLines(place, read)) {
        if (readRecord(bytes) === undefined) unreadable(file);
        else if (filter.grep === undefined || bytes.includes(JSON.stringify(filter.grep).slice(1, -1))) {
          batch.push(bytes.toString('utf8'));
        }
        if (batch.length >= batchLines) await flush();
      }
      await flush();
      await delay(every, undefined, { signal }).catch(() => undefined);
    }
  });
}
