import { describe, expect, it } from 'vitest';
import { mxcp } from './run-in-process.js';

describe('mxcp', () => {
  it('says its version and that it is the Node program', async () => {
    const { code, stdout } = await mxcp(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mxcp \d+\.\d+\.\d+\S* \(node\)\n$/);
  });

  it('prints help, with every command, when nothing is asked', async () => {
    const { code, stdout, stderr } = await mxcp([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['init', 'schema', 'completion']) expect(stdout).toContain(`  ${name} `);
  });

  it.each([
    ['help', 'init'],
    ['init', '--help'],
  ])('prints the options of a command: %s %s', async (...args) => {
    const { code, stdout } = await mxcp(args);
    expect(code).toBe(0);
    expect(stdout).toContain('--bootstrap');
    expect(stdout).toContain('--profile');
  });

  it.each([
    ['an unknown command', ['frobnicate']],
    ['an unknown option', ['init', '--frobnicate']],
    ['a missing argument', ['schema']],
    ['a value that is no choice', ['schema', 'nonsense']],
    ['a superfluous argument', ['schema', 'site', 'tool']],
    ['an option without its value', ['init', '--site']],
  ])('ends with 2 on %s, and says so on stderr only', async (_, args) => {
    const { code, stdout, stderr } = await mxcp(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('error');
  });

  it.each([
    [['run', 'find_people'], '(mxcp run [options] <kind> <name>)'],
    [['schema'], '(mxcp schema [options] <kind>)'],
    [['keys', 'create'], '(mxcp keys create [options] <name>)'],
  ])('says how the command is used: %j', async (args, usage) => {
    expect((await mxcp(args)).stderr).toContain(usage);
  });

  it('says of commands of the Python program that they are not there yet', async () => {
    const { code, json } = await mxcp(['drift-check', '--json']);
    expect([code, json()]).toEqual([2, expect.objectContaining({ code: 'USAGE_INVALID' })]);
    expect((await mxcp(['lint'])).stderr).toContain('mxcp lint is not available yet: see docs/migrate.md');
  });

  it('gives usage mistakes as the one JSON document with --json', async () => {
    const { code, json, stderr } = await mxcp(['schema', 'nonsense', '--json']);
    expect(code).toBe(2);
    expect(json()).toMatchObject({ status: 'error', code: 'USAGE_INVALID', issues: [] });
    expect(stderr).toBe('');
  });

  it.each([
    ['--debug', ['--debug'], {}],
    ['MXCP_DEBUG', [], { MXCP_DEBUG: 'true' }],
  ])('says with %s where an error came from that ended a command', async (_, options, env) => {
    const wrong = ['log', '--site', '/', ...options];
    expect((await mxcp(wrong)).stderr.includes('\n    at ')).toBe(options.length > 0);
    expect((await mxcp(wrong, { env })).stderr).toContain('\n    at ');
  });

  it('says that a twin of a common option is neither true nor false', async () => {
    const { code, stderr } = await mxcp(['config'], { env: { MXCP_DEBUG: 'maybe' } });
    expect(code).toBe(2);
    expect(stderr).toContain('MXCP_DEBUG must be true or false');
  });

  it('takes common options before and after the command', async () => {
    const before = await mxcp(['--json', 'schema', 'tool']);
    const after = await mxcp(['schema', 'tool', '--json-output']);
    expect(before.json()).toEqual(after.json());
    expect(before.json()).toMatchObject({ status: 'ok', result: { title: expect.any(String) as string } });
  });
});
