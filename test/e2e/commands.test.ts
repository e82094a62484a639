import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callTool } from '../faults/call-tool.js';
import { copySite, mxcp, serve, type Server, type Site } from './program.js';

interface Listed {
  readonly result:
    { readonly records?: readonly Record<string, unknown>[] } | readonly Record<string, unknown>[];
}

function recordsOf(stdout: string): readonly Record<string, unknown>[] {
  const { result } = JSON.parse(stdout) as Listed;
  return 'records' in result ? (result.records ?? []) : (result as readonly Record<string, unknown>[]);
}

describe('the commands of the issue, as written', () => {
  let site: Site;
  let server: Server;
  beforeAll(async () => {
    site = copySite('examples/site');
    server = await serve(site, ['--profile', 'durable', '--as', 'daniel']);
  });
  afterAll(() => site.remove());

  it('serve --profile takes calls', async () => {
    expect((await callTool(server.url, 'whoami', {})).text).toContain('daniel');
    const denied = await callTool(server.url, 'add_order_note', { order_id: 1004, note: 'Call them' });
    expect(denied.end).toBe('POLICY_DENIED');
    expect((await callTool(server.url, 'list_orders', { status: 'lost' })).end).toBe(
      'CALL_INVALID_ARGUMENTS',
    );
  });

  it('log --policy deny --since 24h shows the denial with rule and reason, while the server serves', async () => {
    const args = ['log', '--policy', 'deny', '--since', '24h', '--profile', 'durable'];
    const shown = await mxcp(site, args);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/add_order_note/);
    expect(shown.stdout).toMatch(/note-in-own-region/);
    const records = recordsOf((await mxcp(site, [...args, '--json'])).stdout);
    expect(records).toEqual([
      expect.objectContaining({
        operation_name: 'add_order_note',
        policy_decision: 'deny',
        policy_rule: 'note-in-own-region',
        policy_reason: 'This order belongs to another region',
        username: 'daniel',
      }),
    ]);
  });

  it('log --status error --since 1h shows what failed', async () => {
    const args = ['log', '--status', 'error', '--since', '1h', '--profile', 'durable'];
    const shown = await mxcp(site, args);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/list_orders/);
    const codes = recordsOf((await mxcp(site, [...args, '--json'])).stdout).map(
      (record) => record['error_code'],
    );
    expect(codes.sort()).toEqual(['CALL_INVALID_ARGUMENTS', 'POLICY_DENIED']);
  });

  it('what was denied was rolled back, and the log verifies after the server stopped', async () => {
    expect(await server.stop()).toBe(0);
    const notes = await mxcp(site, [
      'query',
      'SELECT count(*) AS n FROM order_notes',
      '--profile',
      'durable',
      '--json',
    ]);
    expect(notes.stdout, notes.stderr).toMatch(/"n": 0/);
    expect((await mxcp(site, ['log', 'verify', '--profile', 'durable'])).code).toBe(0);
  });
});

describe('a site with thirty mistakes', () => {
  it('gets them all in one run, exit code 3, and is not served', async () => {
    const site = copySite('test/fixtures/thirty-mistakes');
    const { code, stdout } = await mxcp(site, ['validate', '--json']);
    expect(code).toBe(3);
    const { issues } = JSON.parse(stdout) as { issues: { severity: string; file: string; line: number }[] };
    const errors = issues.filter(({ severity }) => severity === 'error');
    expect(errors.length).toBeGreaterThanOrEqual(30);
    expect(errors.filter(({ file, line }) => file === '' || line < 1)).toEqual([]);
    const served = await mxcp(site, ['serve', '--port', '0']);
    expect(served.code).toBe(3);
    site.remove();
  });
});
