import { describe, expect, it } from 'vitest';
import { openSite } from './open-site.js';

const state = { 'lib/state.ts': 'export const state = { calls: [] as string[] };' };
const look = `
  import { state } from '../lib/state.js';
  export const look = () => state.calls;`;

describe('onInit', () => {
  it('runs in a worker before its first call, after the plugins', async () => {
    const site = await openSite({
      ...state,
      'plugins/text.ts': 'export const create = () => ({ shout: (text) => text.toUpperCase() });',
      'typescript/hooks.ts': `
        import type { SiteContext } from 'mxcp';
        import { state } from '../lib/state.js';
        export async function onInit(ctx: SiteContext) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          state.calls.push(ctx.plugins.text.shout('ready'));
        }`,
      'typescript/look.ts': look,
    });
    expect(site.bodies.siteProblems).toEqual([]);
    expect(await site.run('look')).toEqual(['READY']);
  });

  it('may stand beside a body', async () => {
    const site = await openSite({
      'typescript/both.ts': `
        let ready = false;
        export const onInit = () => { ready = true; };
        export const both = () => ready;`,
    });
    expect(await site.run('both')).toBe(true);
  });

  it.each([
    [
      'throws',
      "export function onInit() {\n  throw new Error('the service is away');\n}",
      2,
      'onInit failed: Error: the service is away',
    ],
    ['loops', 'export function onInit() { for (;;); }', 1, 'onInit failed: it took longer than 2000 ms'],
    [
      'ends its process',
      'export function onInit() { process.exit(1); }',
      1,
      'onInit failed: it ended the worker: exit code 1',
    ],
  ])('that %s is a problem of the site', async (_, text, line, message) => {
    const good = 'export const good = () => 1;';
    const site = await openSite(
      { 'typescript/hooks.ts': text, 'typescript/good.ts': good },
      { loadMs: 2000 },
    );
    expect(site.bodies.siteProblems).toMatchObject([
      { severity: 'error', rule: 'hook-failed', message, origin: { file: 'typescript/hooks.ts', line } },
    ]);
  });

  it('is not looked for in tests, packages and declarations', async () => {
    const fails = "export function onInit() { throw new Error('no'); }";
    const site = await openSite({
      'typescript/node_modules/p/hooks.ts': fails,
      'typescript/hooks.test.ts': fails,
      'typescript/hooks.d.ts': 'export declare function onInit(): void;',
      'typescript/good.ts': 'export const good = () => 1;',
    });
    expect(site.bodies.siteProblems).toEqual([]);
  });
});

describe('onShutdown', () => {
  it('runs in every worker that is there at the end, the last hook first', async () => {
    const shutdown = (name: string): string =>
      `export async function onShutdown(ctx) { ctx.log.info('${name} ends'); }\n`;
    const site = await openSite({
      'typescript/a/hooks.ts': shutdown('a'),
      'typescript/b/hooks.ts': shutdown('b'),
    });
    await site.bodies.warm();
    await site.bodies.close();
    expect([...site.lines].sort()).toEqual(['a', 'a', 'b', 'b'].map((name) => `info: ${name} ends`));
    expect(site.lines[0]).toBe('info: b ends');
  });

  it('runs in a worker that was just starting, and nothing is told of it after the end', async () => {
    const site = await openSite({
      'typescript/hooks.ts': `
        export const onInit = (ctx) => ctx.log.info('begins');
        export const onShutdown = (ctx) => ctx.log.info('ends');`,
    });
    const warming = site.bodies.warm();
    await site.bodies.close();
    const told = [...site.lines].sort();
    expect(told).toEqual(['begins', 'begins', 'ends', 'ends'].map((word) => `info: ${word}`));
    await warming;
    expect([...site.lines].sort()).toEqual(told);
  });

  it('that fails is told to the log, and keeps no other from running', async () => {
    const site = await openSite({
      'typescript/a/hooks.ts': "export const onShutdown = (ctx) => ctx.log.info('a ends');",
      'typescript/b/hooks.ts': "export const onShutdown = () => { throw new Error('lost'); };",
    });
    await site.bodies.close();
    expect(site.lines).toEqual(['error: onShutdown failed: Error: lost', 'info: a ends']);
  });

  it('that does not end is cut off', async () => {
    const site = await openSite({ 'typescript/hooks.ts': 'export function onShutdown() { for (;;); }' });
    const started = performance.now();
    await site.bodies.close();
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
