import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { openProjectDatabase } from '../../src/engine/open-project-database.js';
import { loadProject } from '../../src/project/load.js';

it.each([
  ['a body that may write', '', false],
  ['a body whose endpoint only reads', ', annotations: {readOnlyHint: true}', true],
])('duckdb.readonly: auto with %s', async (_, hint, readonly) => {
  const root = mkdtempSync(join(tmpdir(), 'mxcp-auto-'));
  const files = {
    'mxcp-site.yml':
      'mxcp: 1\nproject: auto\nprofile: default\nprofiles: {default: {duckdb: {path: data.duckdb, readonly: auto}}}\n',
    'tools/w.yml': `mxcp: 1\ntool: {name: w, source: {file: ../typescript/w.ts}${hint}}\n`,
    'typescript/w.ts': 'export const w = () => 1;\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  (await DuckDBInstance.create(join(root, 'data.duckdb'))).closeSync();
  const project = await loadProject({ cwd: root, env: { HOME: root } });
  const database = await openProjectDatabase(project);
  expect(database.readonly).toBe(readonly);
  await database.close();
  rmSync(root, { recursive: true, force: true });
});
