import { describe, expect, it } from 'vitest';
import { openSite } from './open-site.js';

const counter = `
import type { SiteContext } from 'mxcp';
import { shared } from '../lib/shared.js';
export async function create(config: { from: number }, ctx: SiteContext) {
  const secret = await ctx.secrets.get('service');
  ctx.log.info('made with ' + ctx.config.get('duckdb.path'));
  let count = config.from;
  return {
    secret,
    next() { return this.step(); },
    step() { count += 1; return count; },
    shared: () => shared,
    fails() { throw new Error('of the plugin'); },
  };
}`;

const files = {
  'plugins/counter.ts': counter,
  'lib/shared.ts': 'export const shared = { from: "one module" };',
};

describe('a plugin', () => {
  it('is made once per worker from its config, with secrets, settings and the log of the server', async () => {
    const site = await openSite(
      { ...files, 'typescript/next.ts': 'export const next = (_, ctx) => ctx.plugins.counter.next();' },
      { config: { from: 40 }, settings: { workers: 1 } },
    );
    expect(site.bodies.siteProblems).toEqual([]);
    expect([await site.run('next'), await site.run('next')]).toEqual([41, 42]);
    await expect.poll(() => site.lines).toEqual(['info: made with :memory:']);
  });

  it('gets the secrets that the site declares', async () => {
    const site = await openSite({
      ...files,
      'typescript/look.ts': 'export const look = (_, ctx) => ctx.plugins.counter.secret;',
    });
    expect(await site.run('look')).toEqual({ token: 'of the service' });
  });

  it('shares the modules that it imports with bodies', async () => {
    const site = await openSite({
      ...files,
      'typescript/same.ts': `
        import { shared } from '../lib/shared.js';
        export const same = (_, ctx) => ctx.plugins.counter.shared() === shared;`,
    });
    expect(await site.run('same')).toBe(true);
  });

  it('cannot be replaced by a body', async () => {
    const site = await openSite({
      ...files,
      'typescript/replace.ts': `
        export function replace(_, ctx) {
          ctx.plugins.counter = { next: () => 'mine' };
          return ctx.plugins.counter.next();
        }`,
    });
    await expect(site.run('replace')).rejects.toMatchObject({ code: 'EXECUTE_BODY_FAILED' });
  });

  it('that throws when it is used costs that call only', async () => {
    const site = await openSite({
      ...files,
      'typescript/fails.ts': 'export const fails = (_, ctx) => ctx.plugins.counter.fails();',
      'typescript/next.ts': 'export const next = (_, ctx) => ctx.plugins.counter.next();',
    });
    await expect(site.run('fails')).rejects.toMatchObject({ message: 'The body threw Error' });
    expect(await site.run('next')).toBeNull(); // no `from`: not a number
  });

  it('is there when no endpoint has a TypeScript body', async () => {
    const site = await openSite(files);
    expect(site.lines).toHaveLength(1);
  });
});

describe('what is wrong with a plugin is found at load, with its place and the reason', () => {
  const entry = { file: 'mxcp-site.yml', line: 10 };
  const own = { file: 'plugins/bad.ts' };
  it.each([
    ['throws', "export function create() {\n  throw new Error('no key');\n}", own, 'Error: no key'],
    ['rejects', "export async function create() {\n  throw new Error('no key');\n}", own, 'no key'],
    [
      'needs a secret that is not declared',
      "export const create = (_, ctx) => ctx.secrets.get('x');",
      entry,
      'declares no secret',
    ],
    ['has no create', 'export const make = 1;', entry, 'There is no function create'],
    ['makes no object', 'export const create = () => 5;', entry, 'returned no object'],
    ['does not compile', 'export const create = ;', own, 'Unexpected'],
    ['fails when it is imported', "throw new Error('at once');", own, 'at once'],
    ['ends its process', 'export const create = () => process.exit(4);', entry, 'exit code 4'],
    ['loops', 'export const create = () => { for (;;); };', entry, 'it took longer than 2000 ms'],
    ['waits for ever', 'export const create = () => new Promise(() => {});', entry, 'longer than 2000 ms'],
  ])('%s', async (_, text, origin, reason) => {
    const good = 'export const good = () => 1;';
    const site = await openSite({ 'plugins/bad.ts': text, 'typescript/good.ts': good }, { loadMs: 2000 });
    expect(site.bodies.siteProblems).toHaveLength(1);
    expect(site.bodies.siteProblems[0]).toMatchObject({ severity: 'error', origin });
    expect(site.bodies.siteProblems[0]?.message).toContain(reason);
    expect(await site.run('good')).toBe(1);
  });
});
