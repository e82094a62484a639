import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenSite, openSite } from '../transport/open-site.js';
import { ask, endOf } from './calls.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'mxcp-paths-')));
const data = join(root, 'data');
const secret = 'PLANTED-OUTSIDE';

const names = {
  inside: join(data, 'allowed', 'a.txt'),
  'in a folder below': join(data, 'allowed', 'deep', 'b.txt'),
  'through dots that stay inside': join(data, 'allowed') + '/deep/../a.txt',
  'in a folder whose name begins the same': join(data, 'allowed-evil', 'c.txt'),
  'through dots': join(data, 'allowed') + '/../allowed-evil/c.txt',
  'through a link to a file': join(data, 'allowed', 'link.txt'),
  'through a link to a folder': join(data, 'allowed', 'links', 'c.txt'),
  'of the system': '/etc/passwd',
  'through dots, encoded': join(data, 'allowed') + '/%2e%2e/allowed-evil/c.txt',
  'as a URL': `file://${join(data, 'allowed-evil', 'c.txt')}`,
  'by a pattern': join(data, '*', 'c.txt'),
  'in the folder of the site': 'mxcp-site.yml',
} as const;

/** What is read: everything else is refused. An encoded name is no name of a file, so nothing is found. */
const read: Readonly<Record<string, string>> = {
  inside: '[{"content":"fine"}]',
  'in a folder below': '[{"content":"fine"}]',
  'through dots that stay inside': '[{"content":"fine"}]',
  'through dots, encoded': '[]',
};

const files = {
  'mxcp-site.yml': `
mxcp: 1
project: paths
profile: default
profiles:
  default:
    duckdb: {path: ':memory:', external_access: false, allowed_directories: ['${join(data, 'allowed')}']}
`,
  'tools/read.yml': `
mxcp: 1
tool:
  name: read
  description: Reads one of the files that its author chose.
  dynamic_sql: true
  parameters: [{name: file, type: string, enum: ${JSON.stringify(Object.values(names))}}]
  source: {code: SELECT content FROM read_text($file)}
`,
};

let site: OpenSite;
beforeAll(async () => {
  mkdirSync(join(data, 'allowed', 'deep'), { recursive: true });
  mkdirSync(join(data, 'allowed-evil'));
  writeFileSync(names.inside, 'fine');
  writeFileSync(names['in a folder below'], 'fine');
  writeFileSync(join(data, 'allowed-evil', 'c.txt'), secret);
  symlinkSync(join(data, 'allowed-evil', 'c.txt'), names['through a link to a file']);
  symlinkSync(join(data, 'allowed-evil'), join(data, 'allowed', 'links'));
  site = await openSite(files);
});
afterAll(async () => {
  await site.close();
  rmSync(root, { recursive: true, force: true });
});

describe('SQL reads files of allowed_directories, and no other', () => {
  it.each(Object.entries(names))('%s', async (name, file) => {
    const outcome = await ask(site.runtime, undefined, 'read', { file });
    expect(endOf(outcome)).toBe(read[name] ?? 'EXECUTE_FAILED');
    expect(JSON.stringify(outcome)).not.toContain(secret);
  });

  it('not even when a file becomes a link after the site was loaded', async () => {
    const swapped = names['in a folder below'];
    renameSync(swapped, `${swapped}.away`);
    symlinkSync(join(data, 'allowed-evil', 'c.txt'), swapped);
    const outcome = await ask(site.runtime, undefined, 'read', { file: swapped });
    rmSync(swapped);
    renameSync(`${swapped}.away`, swapped);
    expect(endOf(outcome)).toBe('EXECUTE_FAILED');
    expect(JSON.stringify(outcome)).not.toContain(secret);
  });

  it('and a name that its author did not choose is no argument', async () => {
    const outcome = await ask(site.runtime, undefined, 'read', { file: join(data, 'allowed', 'other.txt') });
    expect(endOf(outcome)).toBe('CALL_INVALID_ARGUMENTS');
  });
});

describe('the body of an endpoint is inside of the site', () => {
  it.each([
    '../site-evil/x.sql',
    '../../site-evil/x.sql',
    '../tools/../../site-evil/x.sql',
    '/../site-evil/x.sql',
  ])('and not in a folder whose name begins the same: %s', async (file) => {
    const tool = `mxcp: 1\ntool: {name: t, description: T, source: {file: '${file}'}}\n`;
    const opening = openSite({ ...files, '../site-evil/x.sql': `SELECT '${secret}'`, 'tools/t.yml': tool });
    await expect(opening).rejects.toMatchObject({
      problems: [{ rule: expect.stringMatching(/^(path-outside|missing-file)$/) as string }],
    });
  });
});
