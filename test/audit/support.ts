import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry } from '../../src/audit/entry.js';
import type { AuditSettings } from '../../src/model/settings.js';

export const siteSecret = 'a site secret for tests only';

export interface Site {
  readonly root: string;
  readonly folder: string;
  readonly state: string;
  readonly settings: AuditSettings;
}

export function auditSettings(path: string, changes: Partial<AuditSettings> = {}): AuditSettings {
  return {
    enabled: true,
    path,
    maxFileSize: 52_428_800,
    retentionDays: 90,
    sync: 'interval',
    syncIntervalMs: 1000,
    onFailure: 'deny',
    reserve: 65_536,
    maxValueBytes: 4096,
    maxRecordBytes: 65_536,
    output: 'none',
    cli: true,
    test: false,
    sql: 'redacted',
    redactKeys: ['password', 'secret', 'token', 'api_key', 'authorization'],
    redactFields: {},
    ...changes,
  };
}

/** A fresh site folder with a log and a state directory of its own. */
export function makeSite(changes: Partial<AuditSettings> = {}): Site {
  const root = mkdtempSync(join(tmpdir(), 'mxcp-audit-'));
  const folder = join(root, 'audit');
  return {
    root,
    folder,
    state: join(root, 'state'),
    settings: auditSettings(join(folder, 'logs-default.jsonl'), changes),
  };
}

export function entry(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    timestamp: '2026-11-20T10:00:00.000001Z',
    operation_type: 'tool',
    operation_name: 'salaries',
    operation_status: 'success',
    caller_type: 'http',
    duration_ms: 1.5,
    policy_decision: 'allow',
    input_data: { department: 'sales' },
    ...changes,
  };
}

export function segments(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
}

/** All lines of all segments, parsed, in the order of the segments' names. */
export function readRecords(folder: string): Record<string, unknown>[] {
  return segments(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}
