import { expect, it } from 'vitest';
import { temporarySite } from './temporary-site.js';

const github = 'auth: { provider: github, github: { client_id: a, client_secret: "${SECRET}" } }';
const tool = (name: string, more: string): string =>
  `tool: { name: ${name}, source: { code: SELECT 1 AS n }${more} }\n`;
const tagged = tool('tagged', ', tags: [hr]');
const free = tool('free', '');

interface Case {
  readonly auth?: string;
  readonly authorization: string;
  readonly other: string;
}

async function warnings({ auth = github, authorization, other }: Case): Promise<readonly string[]> {
  const site = temporarySite({
    'mxcp-site.yml': `mxcp: 1
project: p
profile: dev
profiles: { dev: { ${auth} } }
authorization: { ${authorization} }
`,
    'tools/tagged.yml': tagged,
    'tools/other.yml': other,
  });
  const ran = await site.mxcp(['validate', '--no-database', '--json'], { env: { SECRET: 's' } });
  const answer = ran.json();
  const { issues } = (answer['result'] ?? answer) as {
    issues: readonly { rule: string; severity: string }[];
  };
  return issues.map(({ rule, severity }) => `${severity} ${rule}`);
}

it.each([
  ['every tag is a scope', 'scoped_tags: all', tool('also', ', tags: [pay]')],
  ['another endpoint has a scope of its own', 'scoped_tags: [hr]', tool('also', ', scopes: [orders:read]')],
  ['everything needs a scope', 'required_scopes: [company]', free],
  ['the default is of use for nothing alone', 'required_scopes: [company], default_scopes: [tag:hr]', free],
])('that a client without scopes sees nothing is told where %s', async (_what, authorization, other) => {
  expect(await warnings({ authorization, other })).toEqual(['warning no-default-scopes']);
});

it.each([
  ['an endpoint needs none', { authorization: 'scoped_tags: all', other: free }],
  [
    'the defaults are enough for one',
    { authorization: 'scoped_tags: all, default_scopes: [tag:hr]', other: tool('also', ', tags: [pay]') },
  ],
  [
    'nobody signs in',
    { auth: 'auth: { api_keys: true }', authorization: 'scoped_tags: all', other: tool('a', ', tags: [b]') },
  ],
  [
    'an endpoint that is broken may need none',
    { authorization: 'scoped_tags: all', other: 'tool: { name: other, source: {} }\n' },
  ],
])('and not where %s', async (_what, site) => {
  expect(await warnings(site)).not.toContain('warning no-default-scopes');
});

it.each([
  ['no role has scopes', 'roles: { hr: {} }', ['warning scope-of-no-role']],
  ['the roles have others', 'roles: { hr: { scopes: [orders:read] } }', ['warning scope-of-no-role']],
  ['a role has it', 'roles: { hr: { scopes: [tag:hr] } }', []],
  ['anonymous callers hold it', 'roles: { hr: {} }, anonymous_scopes: [tag:hr]', []],
  ['there are no roles, so that everybody may', 'default_scopes: []', []],
])('that a scope can be held by nobody is told where %s', async (_what, roles, wanted) => {
  const other = tool('other', roles.includes('orders') ? ', scopes: [orders:read]' : '');
  const found = await warnings({ authorization: `scoped_tags: [hr], ${roles}`, other });
  expect(found.filter((each) => each.endsWith('scope-of-no-role'))).toEqual(wanted);
});
