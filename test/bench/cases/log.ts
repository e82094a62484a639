import { DuckDBInstance } from '@duckdb/node-api';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { touchedFiles } from '../../../src/audit/log-files.js';
import { queryLog } from '../../../src/audit/query-log.js';
import { inTurn, millis, timed, type Row } from '../measure.js';

const perSegment = 50_000;

/** One segment of generated records, a twentieth of them denials; `segment` counts back from now, two hours each. */
function segmentSql(folder: string, segment: number): string {
  const end = Date.now() - segment * 7_200_000;
  const stamp = new Date(end - 7_200_000).toISOString().replace(/[-:]|\.\d+/g, '');
  const time = `strftime(make_timestamp(${end - 7_200_000}000 + i * 144000), '%Y-%m-%dT%H:%M:%S.%fZ')`;
  return `COPY (SELECT 'mxcp.endpoints' AS schema_name, 2 AS schema_version, uuid() AS record_id, i AS seq,
    ${time} AS timestamp, 'tool' AS operation_type, 'tool_' || (i % 40) AS operation_name,
    CASE WHEN i % 20 = 0 THEN 'error' ELSE 'success' END AS operation_status, 1.25 AS duration_ms, 'http' AS caller_type,
    'github|' || (i % 500) AS user_key, 'user' || (i % 500) AS username, 'support' AS role, uuid() AS call_id,
    {region: 'north', "limit": i % 100} AS input_data, CASE WHEN i % 20 = 0 THEN 'deny' ELSE 'allow' END AS policy_decision,
    CASE WHEN i % 20 = 0 THEN 'staff-only' END AS policy_rule, md5(i::VARCHAR) AS project_digest,
    sha256(i::VARCHAR) AS prev_hash, sha256((i + 1)::VARCHAR) AS record_hash, sha256((i + 2)::VARCHAR) AS signature
    FROM range(${perSegment}) t(i)) TO '${folder}/logs-default-${stamp}-${segment.toString(16).padStart(12, '0')}.jsonl' (FORMAT json)`;
}

/** `mxcp log --policy deny --since 24h` over `records` records against `read_json` of the touched segments. */
export async function logCases(records: number): Promise<Row[]> {
  const root = mkdtempSync(join(tmpdir(), 'mxcp-bench-log-'));
  const folder = join(root, 'audit');
  mkdirSync(folder, { mode: 0o700 });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    for (let segment = 0; segment < records / perSegment; segment++)
      await connection.run(segmentSql(folder, segment));
    const path = join(folder, 'logs-default.jsonl');
    const since = Date.now() - 86_400_000;
    const files = touchedFiles(path, since, undefined);
    const list = files.map((file) => `'${file}'`).join(', ');
    const floorSql = `SELECT * FROM read_json([${list}], format = 'newline_delimited') WHERE policy_decision = 'deny' ORDER BY timestamp DESC LIMIT 100`;
    const measured = await inTurn(
      5,
      () =>
        timed(() =>
          queryLog({ path, filter: { policy: 'deny', since }, limit: 100, offset: 0, ascending: false }),
        ),
      () => timed(() => connection.runAndReadAll(floorSql)),
    );
    return [
      {
        case: `mxcp log --policy deny --since 24h, ${records.toLocaleString('en')} records, ${files.length} segments touched / read_json`,
        ours: millis(measured.ours),
        floor: millis(measured.floor),
        ratio: measured.ours / measured.floor,
        target: '≤ 1.3',
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
