import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { tagOfScope, wrongScope } from '../../../src/lib/scope-syntax.js';
import type { Problem } from '../../../src/errors.js';
import { minimalSite, newSite, place, read } from '../site.js';

interface Case {
  readonly shows: string;
  readonly site: string;
  readonly auth?: true;
  readonly gives?: object;
  readonly errors?: readonly string[];
  readonly warnings?: readonly string[];
  readonly remedy?: string;
}

const cases = parse(readFileSync(new URL('cases.yml', import.meta.url), 'utf8')) as readonly Case[];

const tool = (name: string, more: string): string =>
  `tool: {name: ${name}, source: {code: SELECT 1}, ${more}}\n`;

const tools = {
  'tools/salaries.yml': tool('salaries', 'tags: [hr, pii]'),
  'tools/orders.yml': tool('orders', 'tags: [sales], scopes: [orders:read]'),
  'tools/secret.yml': tool('secret', 'tags: [vault], enabled: false'),
};

const keys = 'projects: {shop: {profiles: {default: {auth: {api_keys: true}}}}}\n';

const lines = minimalSite.split('\n').length - 1;
const placeIn = ({ origin, rule }: Problem): string => `${origin.line - lines}:${origin.column} ${rule}`;

describe('authorization', () => {
  it.each(cases)('with $shows', async ({ site, auth, gives, errors = [], warnings = [], remedy }) => {
    const folder = await newSite({
      ...tools,
      'mxcp-site.yml': minimalSite + site,
      'c.yml': auth ? keys : 'mxcp: 1\n',
    });
    const { project, problems } = await read(folder, { config: 'c.yml' });
    const own = problems.filter(({ origin }) => origin.file === 'mxcp-site.yml');
    expect(own.filter(({ severity }) => severity === 'error').map(placeIn)).toEqual(errors);
    expect(own.filter(({ severity }) => severity === 'warning').map(placeIn)).toEqual(warnings);
    if (gives) expect(project?.authorization.scopes).toMatchObject(gives);
    if (remedy) expect(own[0]?.remedy).toBe(remedy);
  });

  it.each([
    ['--enable-scope-validation', { overrides: { scopeValidation: true } }],
    ['MXCP_ENABLE_SCOPE_VALIDATION', { env: { MXCP_ENABLE_SCOPE_VALIDATION: 'true' } }],
  ])('%s makes tags scopes: those that are listed, else all', async (_how, options) => {
    const listed = `${minimalSite}authorization: {tags_as_scopes: false, scoped_tags: [hr]}\n`;
    const one = await newSite({ ...tools, 'mxcp-site.yml': listed, 'c.yml': keys });
    expect((await read(one, { config: 'c.yml', ...options })).project?.authorization.scopes).toMatchObject({
      tagsAsScopes: true,
      scopedTags: ['hr'],
    });
    const all = await newSite({ ...tools, 'c.yml': keys });
    expect((await read(all, { config: 'c.yml', ...options })).project?.authorization.scopes).toMatchObject({
      tagsAsScopes: true,
      scopedTags: 'all',
    });
    const { problems } = await read(await newSite(tools), options);
    expect(problems.map(({ severity, rule }) => `${severity} ${rule}`)).toContain(
      'error scopes-without-credential',
    );
  });

  it('takes required scopes of the user config to those of the site', async () => {
    const config = keys.replace(
      'api_keys: true',
      'api_keys: true, authorization: {required_scopes: ["mxcp:access"]}',
    );
    const site = `${minimalSite}authorization: {required_scopes: [company]}\n`;
    const { project } = await read(await newSite({ 'mxcp-site.yml': site, 'c.yml': config }), {
      config: 'c.yml',
    });
    expect(project?.authorization.scopes.requiredScopes).toEqual(['company', 'mxcp:access']);
  });

  it('refuses tags of endpoints that are to be scopes and cannot be', async () => {
    const files = { 'tools/a.yml': tool('a', "tags: [fine, 'human resources', наr]"), 'c.yml': keys };
    const quiet = await read(await newSite(files), { config: 'c.yml' });
    expect(quiet.problems).toEqual([]);
    const { problems } = await read(await newSite(files), {
      config: 'c.yml',
      overrides: { scopeValidation: true },
    });
    expect(problems.map(place)).toEqual(['tools/a.yml:1:56 wrong-scope', 'tools/a.yml:1:75 wrong-scope']);
  });
});

describe('scopes of an endpoint', () => {
  it('are words of the author, separated by spaces or in a list', async () => {
    const { project, problems } = await read(
      await newSite({ 'tools/a.yml': tool('a', 'scopes: orders:write company'), 'c.yml': keys }),
      { config: 'c.yml' },
    );
    expect(problems).toEqual([]);
    expect(project?.endpoints[0]?.scopes).toEqual(['orders:write', 'company']);
  });

  it.each(['tag:hr', 'orders:*', 'a"b', 'ä'])('like %s do not load', async (scope) => {
    const { problems } = await read(await newSite({ 'tools/a.yml': tool('a', `scopes: ['${scope}']`) }));
    expect(problems.filter(({ severity }) => severity === 'error')).toMatchObject([{ rule: 'wrong-scope' }]);
  });
});

describe('the grammar of scopes', () => {
  it.each([
    ['tag:a', undefined],
    [`tag:${'a'.repeat(50)}`, undefined],
    [`tag:${'a'.repeat(51)}`, 'names no tag'],
    ['x'.repeat(100), undefined],
    ['x'.repeat(101), 'more than 100'],
    ['', 'characters'],
    ['a b', 'characters'],
    ['tag:a\n', 'characters'],
    ['tag:$(id)', 'names no tag'],
    ['tag:a;b', 'names no tag'],
    ['tag:*', 'wildcard'],
  ])('%j', (scope, why) => {
    if (why === undefined) expect(wrongScope(scope)).toBeUndefined();
    else expect(wrongScope(scope)).toContain(why);
  });

  it('lets only ASCII letters, digits, _ and - into tags, whatever Unicode has', () => {
    for (let point = 0; point <= 0x2ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const fits = wrongScope(`tag:${String.fromCodePoint(point)}`) === undefined;
      if (fits !== /^[a-zA-Z0-9_-]$/.test(String.fromCodePoint(point)))
        expect.fail(`U+${point.toString(16)}`);
    }
    expect(tagOfScope('tag:constructor')).toBe('constructor');
    expect(tagOfScope('orders')).toBeUndefined();
  });
});
