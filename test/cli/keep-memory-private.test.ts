import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callTool } from '../faults/call-tool.js';
import { serve, writeSite, type Server, type Site } from '../e2e/program.js';

const files = {
  'mxcp-site.yml': `mxcp: 1
project: private
profile: default
profiles: { default: { duckdb: { path: ':memory:' } } }
`,
  'tools/filter.yml': `mxcp: 1
tool: { name: filter, description: The filter of its worker., return: { type: string }, source: { file: /typescript/filter.ts } }
`,
  'typescript/filter.ts': 'export default () => `pid ${process.pid}`;',
};

let site: Site;
let server: Server;
beforeAll(async () => {
  site = writeSite(files);
  server = await serve(site);
});
afterAll(async () => {
  await server.stop();
  site.remove();
});

const filterOf = (pid: number | string): string =>
  readFileSync(`/proc/${pid}/coredump_filter`, 'utf8')
    .replace(/^0+(?=.)/, '')
    .trim();

describe('the memory of a server', () => {
  it.runIf(existsSync('/proc/self/coredump_filter'))(
    'is in no core file, nor is that of its workers',
    async () => {
      expect(filterOf(server.child.pid ?? 0)).toBe('0');
      const { text } = await callTool(server.url, 'filter', {});
      const worker = /pid (\d+)/.exec(text)?.[1] ?? '';
      expect(worker).not.toBe(String(server.child.pid));
      expect(filterOf(worker)).toBe('0');
    },
  );

  it('is not opened to a debugger by SIGUSR1', async () => {
    server.child.kill('SIGUSR1');
    expect((await callTool(server.url, 'filter', {})).end).toBe('success');
    expect(server.said.stderr).not.toContain('Debugger');
  });
});
