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
