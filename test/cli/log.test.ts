import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bootstrappedSite, temporarySite, type TemporarySite } from './temporary-site.js';

let site: TemporarySite;

const sales = ['run', 'tool', 'find_people', '-p', 'department=Sales'];
const unknown = ['run', 'tool', 'nothing'];

beforeAll(async () => {
  site = await bootstrappedSite();
  await site.mxcp([...sales, '--as', 'hanna']);
  await site.mxcp([...sales, '--as', 'erik']);
  await site.mxcp(unknown);
});

function recordsOf(json: Record<string, unknown>): Record<string, unknown>[] {
  return (json['result'] as { records: Record<string, unknown>[] }).records;
}

describe('mxcp log', () => {
  it('shows a table of calls, newest first, and none of its own', async () => {
    const { stdout, stderr, code } = await site.mxcp(['log']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^TIME +WHAT +WHO +RESULT +POLICY +MS +ROWS +CALL$/);
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('CALL_UNKNOWN_ENDPOINT');
    expect(lines[2]).toContain('tool find_people');
  });

  it('needs none of the secrets of the server, whose values only the user config has', async () => {
    const poor = temporarySite({
      'mxcp-site.yml': `mxcp: 1
project: p
profile: dev
secrets: [warehouse]
profiles: { dev: { duckdb: { path: ':memory:' } } }
`,
      'tools/t.yml': 'tool: { name: t, source: { code: SELECT 1 AS n } }\n',
      '../home/.mxcp/config.yml': `mxcp: 1
projects:
  p:
    profiles:
      dev: { secrets: [{ name: warehouse, type: custom, parameters: { key: '\${WAREHOUSE_KEY}' } }] }
`,
    });
    const rich = { env: { WAREHOUSE_KEY: 'k' } };
    expect((await poor.mxcp(['run', 'tool', 't'], rich)).code).toBe(0);
    expect((await poor.mxcp(['run', 'tool', 't'])).code).toBe(3);
    const { stdout, code } = await poor.mxcp(['log', '--jsonl', '--fields', 'operation_name,call_id']);
    expect(code).toBe(0);
    const { operation_name: name, call_id: id } = JSON.parse(stdout) as Record<string, string>;
    expect(name).toBe('t');
    expect((await poor.mxcp(['log', 'show', id ?? ''])).code).toBe(0);
    const elsewhere = await poor.mxcp(['log', '--config', '/nowhere/config.yml']);
    expect(elsewhere.stderr).toContain('There is no user config');
  });

  it('marks failures and denials in red on a terminal, and nothing else there is an escape', async () => {
    const { stdout } = await site.mxcp(['log', '--status', 'error'], { terminal: true });
    expect(stdout).toContain('\u001b[31mCALL_UNKNOWN_ENDPOINT\u001b[39m');
    expect(stdout).not.toContain('\\u{1b}');
  });

  it('as one JSON document, as lines, and as CSV', async () => {
    const one = await site.mxcp(['log', '--json', '--asc', '--limit', '2']);
    expect(recordsOf(one.json())).toMatchObject([{ user_id: 'hanna' }, { user_id: 'erik' }]);
    const many = await site.mxcp([
      'log',
      '--jsonl',
      '--tool',
      'find_people',
      '--fields',
      'user_id,input_data',
    ]);
    const lines = many.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => Object.keys(line).sort())).toEqual([
      ['input_data', 'user_id'],
      ['input_data', 'user_id'],
    ]);
    const csv = await site.mxcp([
      'log',
      '--csv',
      '--fields',
      'user_id,operation_name',
      '--status',
      'success',
      '--asc',
    ]);
    expect(csv.stdout).toBe('user_id,operation_name\nhanna,find_people\nerik,find_people\n');
  });

  it.each([
    [['--policy', 'deny', '--since', '24h'], 0],
    [['--status', 'error', '--since', '1h'], 1],
    [['--user', 'erik'], 1],
    [['--grep', 'Sales'], 2],
    [['--until', '1h'], 0],
  ])('filters: %j', async (options, count) => {
    expect(recordsOf((await site.mxcp(['log', '--json', ...options])).json())).toHaveLength(count);
  });

  it('pages', async () => {
    const { stdout } = await site.mxcp(['log', '--limit', '1', '--offset', '1']);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('2-2 of 3');
  });

  it('counts', async () => {
    const { stdout } = await site.mxcp(['log', '--stats', '--by', 'user']);
    expect(stdout).toMatch(/^local\|erik +1 +0 +0/m);
    expect(stdout).toMatch(/^all +3 +1 +0/m);
  });

  it('exports', async () => {
    for (const [option, file] of [
      ['--export-csv', 'a.csv'],
      ['--export-duckdb', 'a.duckdb'],
      ['--export-parquet', 'a.parquet'],
    ] as const) {
      const { stdout, code } = await site.mxcp(['log', option, file]);
      expect([code, stdout]).toEqual([0, `3 records in ${join(site.root, file)}\n`]);
    }
    expect(readFileSync(join(site.root, 'a.csv'), 'utf8').split('\n')).toHaveLength(5);
  });

  it('says when an export cannot be written', async () => {
    for (const option of ['--export-csv', '--export-duckdb', '--export-parquet']) {
      const { code, stderr } = await site.mxcp(['log', option, 'no/such/folder/file']);
      expect([option, code]).toEqual([option, 2]);
      expect(stderr).toContain(`${join(site.root, 'no/such/folder')} does not exist`);
    }
  });

  it('exports all or nothing, for nobody else to read, and never over what is no file', async () => {
    const folder = join(site.root, 'exports');
    mkdirSync(join(folder, 'a folder'), { recursive: true });
    for (const option of ['--export-csv', '--export-duckdb', '--export-parquet']) {
      const wrong = await site.mxcp(['log', option, 'exports/a folder']);
      expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('no plain file')]);
      writeFileSync(join(folder, 'before'), 'what was there');
      const right = await site.mxcp(['log', option, 'exports/before']);
      expect([right.code, statSync(join(folder, 'before')).mode & 0o777]).toEqual([0, 0o600]);
      expect(readFileSync(join(folder, 'before')).length).toBeGreaterThan(100);
    }
    expect(readdirSync(folder).sort()).toEqual(['a folder', 'before']);
  });

  it('says what was probably meant', async () => {
    expect((await site.mxcp(['log', '--fields', 'user'])).stderr).toContain('did you mean username?');
    const { code, stderr } = await site.mxcp(['log', 'shwo', 'x']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('shwo; did you mean show?')]);
    for (const words of [
      ['verify', 'logs-default.jsonl'],
      ['show', 'x', 'y'],
    ])
      expect((await site.mxcp(['log', ...words])).code).toBe(2);
  });

  it('lists in the help of a subcommand what it takes', async () => {
    const { stdout } = await site.mxcp(['log', 'verify', '--help']);
    expect(stdout).toContain('--public-key');
    expect(stdout).toContain('--site');
    expect(stdout).not.toContain('--export-csv');
  });

  it('gives a terminal no character that it would obey, and a file every one', async () => {
    const args = ['log', '--fields', 'operation_name', '--limit', '1'];
    const name = 'x\u009b31m\u202ey\u2028z\u200b';
    await site.mxcp(['run', 'tool', name]);
    const escaped = String.raw`x\u009b31m\u202ey\u2028z\u200b`;
    for (const form of ['--csv', '--jsonl']) {
      expect((await site.mxcp([...args, form])).stdout).toContain(name);
      expect((await site.mxcp([...args, form], { terminal: true })).stdout).toContain(escaped);
    }
    const { stdout } = await site.mxcp(args);
    expect(stdout).toContain(String.raw`x\u{9b}31m\u{202e}y\u{2028}z\u{200b}`);
  });

  it('follows until it is interrupted', async () => {
    const stop = new AbortController();
    const following = site.mxcp(['log', '--follow', '--jsonl'], {
      signal: stop.signal,
      onStdout: () => stop.abort(),
    });
    const calling = (async () => {
      while (!stop.signal.aborted) await site.mxcp(unknown);
    })();
    const { code, stdout } = await following;
    await calling;
    expect(code).toBe(0);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ error_code: 'CALL_UNKNOWN_ENDPOINT' });
  });

  it.each([
    [['--since', 'yesterday'], 1],
    [['--fields', 'nope'], 2],
    [['--limit', '-1'], 2],
    [['--by', 'tool'], 2],
    [['--csv', '--jsonl'], 2],
    [['--stats', '--follow'], 2],
    [['--policy', 'maybe'], 2],
  ])('refuses %j', async (options, code) => {
    expect((await site.mxcp(['log', ...options])).code).toBe(code);
  });
});

describe('mxcp log that is interrupted', () => {
  it.each([['--export-csv'], ['--export-duckdb'], ['--export-parquet']])(
    'leaves nothing of an export: %s',
    async (option) => {
      const before = readdirSync(site.root);
      const { code, stderr } = await site.mxcp(['log', option, 'out'], { signal: AbortSignal.abort() });
      expect([code, stderr]).toEqual([1, expect.stringContaining('Interrupted')]);
      expect(readdirSync(site.root)).toEqual(before);
    },
  );

  it.each([[[]], [['--stats']], [['--csv', '--limit', '9000']]])('is no success: log %s', async (options) => {
    expect((await site.mxcp(['log', ...options], { signal: AbortSignal.abort() })).code).toBe(1);
  });
});

describe('mxcp log show', () => {
  it('prints everything about a call or a record', async () => {
    const [record] = recordsOf((await site.mxcp(['log', '--json', '--user', 'erik'])).json());
    for (const id of [record?.['call_id'], record?.['record_id']]) {
      const { stdout, code } = await site.mxcp(['log', 'show', String(id)]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^operation_name +find_people$/m);
      expect(stdout).toMatch(/^record_hash +[0-9a-f]{64}$/m);
    }
    expect((await site.mxcp(['log', 'show', 'nothing'])).code).toBe(1);
  });
});

describe('mxcp log verify', () => {
  it('says that the log is intact, and exits with 4 at the place where it is not', async () => {
    const whole = await site.mxcp(['log', 'verify']);
    expect([whole.code, whole.stdout.split('\n')[0]]).toEqual([0, 'intact and anchored']);
    const folder = join(site.root, 'audit');
    const segments = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');
    const segment = segments.find((name) => textOf(name).includes('"find_people"')) ?? '';
    const path = join(folder, segment);
    const text = textOf(segment);
    writeFileSync(path, text.replace('"find_people"', '"find_papers"'));
    const broken = await site.mxcp(['log', 'verify']);
    expect([broken.code, broken.stdout.split('\n')[0]]).toEqual([4, `broken at ${segment}:2`]);
    expect(broken.stdout.split('\n')[1]).toContain('Copy the folder');
    expect((await site.mxcp(['log', 'verify', '--json'])).json()).toMatchObject({
      result: { answer: 'broken' },
    });
    writeFileSync(path, text);
  });

  it('of no log at all has nothing to say, which is no success', async () => {
    const empty = await bootstrappedSite();
    const { code, stdout } = await empty.mxcp(['log', 'verify']);
    const path = join(empty.root, 'audit');
    expect([code, stdout.split('\n')[0]]).toEqual([
      4,
      expect.stringContaining(`nothing to verify: no segment at ${path}`),
    ]);
  });

  it('names a head that is not there', async () => {
    const { code, stderr } = await site.mxcp(['log', 'verify', '--head', '/nope']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--head cannot be read: /nope')]);
  });

  it('checks the signatures of a site secret that is not there as unsigned', async () => {
    const { code, stdout } = await site.mxcp(['log', 'verify'], { env: { XDG_STATE_HOME: '/nowhere' } });
    const [answer, next] = stdout.split('\n');
    expect([code, answer]).toEqual([
      0,
      expect.stringMatching(/^intact but unsigned \(the key of \d+ signatures is not at hand\)$/),
    ]);
    expect(next).toContain('--public-key');
  });
});

describe('mxcp log-cleanup', () => {
  it('has nothing to delete in a young log', async () => {
    for (const options of [[], ['--dry-run']]) {
      const { code, stdout } = await site.mxcp(['log-cleanup', ...options]);
      expect([code, stdout]).toEqual([0, 'Nothing to delete\n']);
    }
  });
});
