import { expect, it } from 'vitest';
import { temporarySite } from './temporary-site.js';

it('mxcp query that fails while it runs blames no endpoint: there is none', async () => {
  const site = temporarySite({ 'mxcp-site.yml': 'mxcp: 1\nproject: shop\nprofile: default\n' });
  const { code, stderr } = await site.mxcp(['query', "SELECT error('broken') FROM range(2)"]);
  expect(code).toBe(1);
  expect(stderr).toContain('[EXECUTE_FAILED]');
  expect(stderr).not.toContain('endpoint');
});
