import { describe, expect, it } from 'vitest';
import type { Project } from '../../src/model/project.js';
import { minimalSite, newSite, place, read } from './site.js';

const tool = (name: string, more = ''): string =>
  `tool:\n  name: ${name}\n  source: {code: SELECT 1}\n${more}`;

function rulesOf(project: Project | undefined, name: string): readonly string[] {
  const policies = project?.endpoints.find((endpoint) => endpoint.name === name)?.policies;
  return [...(policies?.input ?? []), ...(policies?.output ?? [])].map(({ id }) => id);
}

const siteRules = [
  'policies:',
  '  input:',
  '    - {condition: "a", action: deny}',
  '    - {id: hr-only, match: {tags: [hr, pay]}, condition: "b", action: deny}',
  '    - {id: prompts, match: {kinds: prompt}, condition: "c", action: deny}',
  '    - {id: by-name, match: {names: [one], kinds: [tool]}, condition: "d", action: deny}',
  '  output:',
  '    - {match: {tags: [hr]}, action: mask_sensitive_fields, mask: {constant: x}}',
  '',
].join('\n');

describe('the rules of an endpoint', () => {
  it('are those of the site that match it, then its own, with given or derived ids', async () => {
    const own =
      '  tags: [hr]\n  policies: {input: [{condition: "e", action: deny}], output: [{id: last, action: deny}]}\n';
    const { project, problems } = await read(
      await newSite({
        'mxcp-site.yml': `${minimalSite}${siteRules}`,
        'tools/one.yml': tool('one', own),
        'tools/two.yml': tool('two', '  tags: [pay]\n'),
        'prompts/p.yml': 'prompt: {name: p, messages: [{prompt: x}]}\n',
      }),
    );
    expect(problems).toEqual([]);
    expect(rulesOf(project, 'one')).toEqual([
      'site/input[0]',
      'hr-only',
      'by-name',
      'tool/one/input[0]',
      'site/output[0]',
      'last',
    ]);
    expect(rulesOf(project, 'two')).toEqual(['site/input[0]', 'hr-only']);
    expect(rulesOf(project, 'p')).toEqual(['site/input[0]', 'prompts']);
  });

  it('keep their hash when they move or are written differently, and change it with their content', async () => {
    const hashes = async (rule: string, before = ''): Promise<string | undefined> => {
      const more = `  policies:\n    input:\n${before}${rule}`;
      const { project } = await read(await newSite({ 'tools/t.yml': tool('t', more) }));
      return project?.endpoints[0]?.policies.input.at(-1)?.hash;
    };
    const first = await hashes('      - {condition: "x", action: deny, reason: r}\n');
    const moved = await hashes(
      '      - reason: r\n        action: deny\n        condition: x\n',
      '      - {condition: "y", action: deny}\n',
    );
    expect(moved).toBe(first);
    expect(first).toMatch(/^[\da-f]{64}$/);
    for (const changed of [
      'condition: "xx", action: deny, reason: r',
      'condition: "x", action: deny, reason: r, mode: shadow',
    ]) {
      expect(await hashes(`      - {${changed}}\n`)).not.toBe(first);
    }
  });

  it('of the site that name an endpoint which does not exist are an error, a tag that none has is a warning', async () => {
    const { problems } = await read(
      await newSite({
        'mxcp-site.yml': `${minimalSite}${siteRules}`,
        'tools/a.yml': tool('on', '  tags: [hr]\n'),
      }),
    );
    expect(problems.map((each) => `${each.severity} ${place(each)}`)).toEqual([
      'warning mxcp-site.yml:7:40 match-without-effect',
      'error mxcp-site.yml:9:37 match-without-effect',
    ]);
    expect(problems[1]?.remedy).toBe('Did you mean "on"?');
  });

  it('have ids of their own, among those of the site that match it too: records name them by these', async () => {
    const own = (id: string): string => `  policies: {input: [{id: ${id}, condition: "x", action: deny}]}\n`;
    const { problems } = await read(
      await newSite({
        'mxcp-site.yml': `${minimalSite}${siteRules}`,
        'tools/a.yml': tool('one', own('by-name')),
        'tools/b.yml': tool('two', own('by-name')),
        'tools/c.yml': tool('three', `  tags: [hr, pay]\n${own('hr-only')}`),
      }),
    );
    expect(problems.map((each) => `${place(each)}: ${each.message}`)).toEqual([
      'tools/a.yml:4:27 duplicate-name: The site has a rule with the id "by-name" for this endpoint already',
      'tools/c.yml:5:27 duplicate-name: The site has a rule with the id "hr-only" for this endpoint already',
    ]);
  });

  it('must cover every endpoint when the site demands it; a shadow rule covers nothing', async () => {
    const shadow = '  policies: {input: [{condition: "x", action: deny, mode: shadow}]}\n';
    const real = '  policies: {input: [{condition: "x", action: deny}]}\n';
    const { problems, project } = await read(
      await newSite({
        'mxcp-site.yml': `${minimalSite}policies: {require_input_policy: true}\n`,
        'tools/a.yml': tool('a'),
        'tools/b.yml': tool('b', shadow),
        'tools/c.yml': tool('c', real),
      }),
    );
    expect(problems.map(place)).toEqual([
      'tools/a.yml:1:1 input-policy-required',
      'tools/b.yml:1:1 input-policy-required',
    ]);
    expect(project?.endpoints.map(({ name }) => name)).toEqual(['c']);
  });
});

describe('the built-in SQL tools', () => {
  const enabled = (more = '', duckdb = 'external_access: false'): string =>
    `${minimalSite}sql_tools: {enabled: true${more}}\nprofiles: {default: {duckdb: {${duckdb}}}}\n`;
  const sensitive = tool(
    't',
    '  return: {type: array, items: {type: object, properties: {a: {type: string, sensitive: true}}}}\n',
  );

  it('are endpoints like others, with the rules of the site', async () => {
    const site = `${enabled(', list_tables: {description: Mine, tags: [sql]}')}policies: {input: [{id: g, condition: "x", action: deny}]}\n`;
    const { project, problems } = await read(await newSite({ 'mxcp-site.yml': site }));
    expect(problems).toEqual([]);
    expect(project?.endpoints.map(({ name }) => name)).toEqual([
      'execute_sql_query',
      'get_table_schema',
      'list_tables',
    ]);
    expect(project?.endpoints[2]).toMatchObject({
      description: 'Mine',
      tags: ['sql'],
      body: { language: 'builtin', tool: 'list_tables' },
    });
    expect(rulesOf(project, 'execute_sql_query')).toEqual(['g']);
  });

  it('are switched by --sql-tools over MXCP_SQL_TOOLS over the file', async () => {
    const folder = await newSite({ 'mxcp-site.yml': enabled() });
    expect((await read(folder, { env: { MXCP_SQL_TOOLS: 'false' } })).project?.endpoints).toEqual([]);
    const overrides = { sqlTools: true };
    expect(
      (await read(folder, { env: { MXCP_SQL_TOOLS: 'false' }, overrides })).project?.endpoints,
    ).toHaveLength(3);
  });

  it('need external_access: false', async () => {
    const { problems } = await read(await newSite({ 'mxcp-site.yml': enabled('', 'threads: 1') }));
    expect(problems.map(place)).toEqual(['mxcp-site.yml:4:1 sql-tools-unsafe']);
  });

  it.each([
    ['no rule of its own', '', false],
    [
      'a shadow rule',
      ', execute_sql_query: {policies: {input: [{condition: "x", action: deny, mode: shadow}]}}',
      false,
    ],
    ['a rule of its own', ', execute_sql_query: {policies: {input: [{condition: "x", action: deny}]}}', true],
    ['a tag of which a rule of the site is', ', execute_sql_query: {tags: [sql]}', true],
  ])('beside sensitive fields and with %s: %#', async (_what, more, loads) => {
    const site = `${enabled(more)}policies: {input: [{match: {tags: [sql]}, condition: "x", action: deny}]}\n`;
    const { siteErrors } = await read(await newSite({ 'mxcp-site.yml': site, 'tools/t.yml': sensitive }));
    expect(siteErrors.map(({ rule }) => rule)).toEqual(loads ? [] : ['sql-tools-unsafe']);
  });

  it('keep their names for themselves', async () => {
    const { problems } = await read(
      await newSite({ 'mxcp-site.yml': enabled(), 'tools/t.yml': tool('list_tables') }),
    );
    expect(problems.map(place)).toEqual(['tools/t.yml:2:9 duplicate-name']);
  });
});

describe('the digest of a project', () => {
  it('changes with the site file, an endpoint file and a body, and with nothing else', async () => {
    const files = {
      'tools/t.yml': 'tool: {name: t, source: {file: ../sql/t.sql}}\n',
      'sql/t.sql': 'SELECT 1',
    };
    const digest = async (changed: Record<string, string>): Promise<string | undefined> =>
      (await read(await newSite({ ...files, ...changed }))).project?.digest;
    const first = await digest({});
    expect(first).toMatch(/^[\da-f]{64}$/);
    expect(await digest({ 'README.md': 'x', 'sql/unused.sql': 'SELECT 2' })).toBe(first);
    const changes = [
      { 'mxcp-site.yml': `${minimalSite}# x\n` },
      { 'tools/t.yml': `${files['tools/t.yml']}# x\n` },
      { 'sql/t.sql': 'SELECT 2' },
      { 'tools/u.yml': tool('u') },
    ];
    const digests = await Promise.all(changes.map((changed) => digest(changed as Record<string, string>)));
    expect(new Set([first, ...digests]).size).toBe(5);
  });
});
