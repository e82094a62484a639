import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporarySite } from './temporary-site.js';

it('mxcp query that fails while it runs blames no endpoint: there is none', async () => {
  const site = temporarySite({ 'mxcp-site.yml': 'mxcp: 1\nproject: shop\nprofile: default\n' });
  const { code, stderr } = await site.mxcp(['query', "SELECT error('broken') FROM range(2)"]);
  expect(code).toBe(1);
  expect(stderr).toContain('[EXECUTE_FAILED]');
  expect(stderr).not.toContain('endpoint');
});

it('mxcp query checks its SQL with the values of its parameters: a file that one names is read', async () => {
  const site = temporarySite({
    'mxcp-site.yml': 'mxcp: 1\nproject: shop\nprofile: default\n',
    'a.csv': 'n\n7\n',
  });
  const file = join(site.root, 'a.csv');
  const { stdout } = await site.mxcp(['query', 'SELECT n FROM read_csv($f)', '-p', `f=${file}`, '--json']);
  expect(JSON.parse(stdout)).toEqual({ status: 'ok', result: [{ n: 7 }] });
});

it('mxcp query --readonly says that a database in memory takes no notice of it', async () => {
  const site = temporarySite({ 'mxcp-site.yml': 'mxcp: 1\nproject: shop\nprofile: default\n' });
  const query = ['query', 'SELECT 1 AS n', '--readonly'];
  const note = 'where --readonly has no effect';
  expect((await site.mxcp(query, { env: { MXCP_DUCKDB_PATH: ':memory:' } })).stderr).toContain(note);
  expect((await site.mxcp(['query', 'SELECT 1 AS n'])).code).toBe(0); // makes the file
  const { code, stderr } = await site.mxcp(query);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining(note)]);
});
