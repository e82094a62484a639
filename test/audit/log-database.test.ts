import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { withLogDatabase } from '../../src/audit/log-database.js';

/** An empty folder that the temporary ones are made in, until the test ends. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mxcp-audit-test-'));
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  return folder;
}

const endless = 'CREATE TABLE t AS SELECT a.range AS n FROM range(100000000) a, range(100000) b';

it('work on a log that is interrupted ends, and its temporary folder goes', async () => {
  const folder = temporaryFolder();
  const stop = new AbortController();
  const ended = withLogDatabase(
    async (connection) => {
      expect(readdirSync(folder)).toHaveLength(1);
      const running = connection.run(endless);
      stop.abort();
      await running;
    },
    { signal: stop.signal },
  );
  await expect(ended).rejects.toMatchObject({
    code: 'AUDIT_QUERY_FAILED',
    message: 'Interrupted before the end',
  });
  expect(readdirSync(folder)).toEqual([]);
});

it('work on a log that is interrupted before it begins does not begin', async () => {
  const folder = temporaryFolder();
  let begun = false;
  const work = (): Promise<void> => Promise.resolve(void (begun = true));
  await expect(withLogDatabase(work, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'AUDIT_QUERY_FAILED',
  });
  expect([begun, readdirSync(folder)]).toEqual([false, []]);
});
