import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/execute/database.js';
import type { PluginFunction } from '../../src/model/plugin-function.js';
import { openWith, query } from './site.js';

/** With an argument that is no constant: DuckDB would compute it once, when the statement is prepared. */
const sqlText = "SELECT a_text('x' || i) AS v FROM range(1) t(i)";

const origin = { file: 'mxcp-site.yml', line: 4, column: 3 };

function answering(value: string, more: Partial<PluginFunction> = {}): PluginFunction {
  const run: PluginFunction['run'] = (rows) => rows.map(() => value);
  return { name: 'a_text', args: ['VARCHAR'], returns: 'VARCHAR', origin, run, ...more };
}

async function open(memoryName: string): Promise<Database> {
  const database = await openWith('SELECT 1', {}, { memoryName });
  onTestFinished(() => database.close());
  return database;
}

async function rows(database: Database, text: string): Promise<string> {
  return JSON.stringify((await query(database, text)).rows);
}

describe('functions of plugins', () => {
  it('of a site and of the same site loaded again: the latest that is open answers', async () => {
    const before = await open('again');
    expect(await before.define([answering('before')])).toEqual([]);
    const after = await open('again');
    expect(await after.define([answering('after')])).toEqual([]);
    expect(await rows(before, sqlText)).toBe('[{"v":"after"}]');
    await after.close();
    expect(await rows(before, sqlText)).toBe('[{"v":"before"}]');
  });

  it('that the site loaded again does not have any more are no functions', async () => {
    const before = await open('less');
    await before.define([answering('before')]);
    const after = await open('less');
    await before.close();
    await expect(query(after, sqlText)).rejects.toThrow('not part of the site any more');
  });

  it('may take other types after the site was loaded again, and not give another', async () => {
    const before = await open('types');
    await before.define([answering('text')]);
    const after = await open('types');
    const number = answering('number', { args: ['BIGINT'] });
    const changed = answering('1', { returns: 'BIGINT' });
    expect(await after.define([number, changed])).toEqual([
      { refused: changed, reason: 'it gives another type than before; start the server again' },
    ]);
    expect(await rows(after, 'SELECT a_text(1) AS v')).toBe('[{"v":"number"}]');
  });

  it.each(['lower', 'get_username', 'mine', 'starts_with'])('cannot take the name %s', async (name) => {
    const database = await openWith('CREATE MACRO mine(a) AS a');
    onTestFinished(() => database.close());
    expect(await database.define([answering('x', { name })])).toMatchObject([
      { reason: 'DuckDB or the site has a function of this name' },
    ]);
  });
});
