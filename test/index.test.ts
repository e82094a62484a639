import { describe, expect, it } from 'vitest';
import { call, isMxcpError, loadProject, openRuntime, siteSecret } from '../src/index.js';
import { bootstrappedSite } from './cli/temporary-site.js';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe('a program that embeds a site', () => {
  it('loads it, opens it, and calls through the whole pipeline', async () => {
    const { root, env } = await bootstrappedSite();
    const project = await loadProject({ cwd: root, env });
    const runtime = await openRuntime(project, {
      siteSecret: siteSecret(project, env, { mayGenerate: true }),
      logger: silent,
      purpose: 'run',
      transport: 'api',
    });
    const ask = (department: string): ReturnType<typeof call> =>
      call(runtime, {
        kind: 'tool',
        name: 'find_people',
        arguments: { department },
        caller: runtime.callerOf('api'),
        context: { transport: 'api', id: '1', time: Date.now() * 1000, headers: {} },
      });
    const sales = await ask('Sales');
    const board = await ask('Board');
    await runtime.close();
    expect(sales).toMatchObject({ status: 'success', released: { value: [{ email: 'c***s@example.com' }] } });
    expect(board).toMatchObject({
      status: 'denied',
      error: { code: 'POLICY_DENIED' },
      policy: { rule: 'board-is-for-hr' },
    });
    expect(board.status === 'denied' && isMxcpError(board.error)).toBe(true);
  });
});
