import { describe, expect, it } from 'vitest';
import { readMigration } from '../../src/project/migration.js';
import { newSite } from './site.js';

describe('the migration report', () => {
  it('says for every file whether it works, differs, or needs porting', async () => {
    const cwd = await newSite({
      'mxcp-site.yml':
        'mxcp: 1\nproject: shop\nprofile: default\npaths: {python: python}\nprofiles: {default: {duckdb: {readonly: false}}}\n',
      'tools/works.yml': 'tool: {name: a, return: {type: array}, source: {code: SELECT 1}}\n',
      'tools/differs.yml':
        'tool:\n  name: b\n  return: {type: array}\n  source: {code: SELECT 1}\n  policies: {input: [{condition: "x", action: deny}]}\n  tests: [{name: t, result: yes}]\n',
      'tools/python.yml': 'tool: {name: c, language: python, source: {file: c.py}}\n',
      'README.yml': 'a: yes\n',
    });
    const report = await readMigration({ cwd, env: { HOME: cwd } });
    expect(report.map(({ file, status }) => [file, status])).toEqual([
      ['mxcp-site.yml', 'differs'],
      ['tools/differs.yml', 'differs'],
      ['tools/python.yml', 'needs-porting'],
      ['tools/works.yml', 'works'],
    ]);
    expect(report[1]?.notes.map(({ origin, message }) => [origin.line, message.slice(0, 40)])).toEqual([
      [5, 'A condition that cannot be evaluated den'],
      [6, 'This value was true or false for the Pyt'],
    ]);
    expect(report[2]?.notes[0]?.remedy).toContain('docs/migrate.md');
  });
});
