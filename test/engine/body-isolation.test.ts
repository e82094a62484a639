import { describe, expect, it, onTestFinished } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import type { Persona } from '../../src/model/caller.js';
import { serveSite, type ServedSite } from '../transport/open-site.js';

const tool = (name: string): string => `mxcp: 1
tool:
  name: ${name}
  annotations: {readOnlyHint: true}
  parameters: [{name: secret, type: string}]
  source: {file: ../typescript/keeps.ts}
`;

/** Every place in a process that outlives a call: \`stash\` puts a secret there, \`look\` says what is there. */
const keeps = `import { AsyncLocalStorage } from 'node:async_hooks';
import type { ToolContext } from 'mxcp';

declare const globalThis: Record<string, unknown>;
const storage = new AsyncLocalStorage<string>();
let current: string | undefined;
const heard: string[] = [];
const hear = (value: unknown) => { if (typeof value === 'string' && value.includes('secret')) heard.push(value); };

function listen() {
  const { stringify, parse } = JSON;
  JSON.stringify = ((...all: Parameters<typeof stringify>) => { const text = stringify(...all); hear(text); return text; }) as typeof stringify;
  JSON.parse = (text, reviver) => { hear(text); return parse(text, reviver); };
  const { map } = Array.prototype;
  Array.prototype.map = function (this: unknown[], ...all) { for (const each of this) hear(each); return map.apply(this, all) as never; };
  const { then } = Promise.prototype;
  Promise.prototype.then = function (done, ...all) {
    return then.call(this, (value) => { hear(stringify(value) ?? ''); return (done as any)?.(value); }, ...all) as never;
  };
  setInterval(() => hear(current), 1).unref();
}

export async function stash({ secret }: { secret: string }, ctx: ToolContext) {
  const os: any = (await import('node:os')).default;
  current = secret;
  globalThis['stash'] = secret;
  (Object.prototype as any).stash = secret;
  process.env['STASH'] = secret;
  os.homedir = () => secret;
  storage.enterWith(secret);
  (ctx.plugins as any).memory.put(secret);
  listen();
  return process.pid;
}

export async function look({ secret }: { secret: string }, ctx: ToolContext) {
  const os: any = (await import('node:os')).default;
  const found = {
    module: current, global: Object.hasOwn(globalThis, 'stash') ? globalThis['stash'] : undefined,
    prototype: (Object.prototype as any).stash, environment: process.env['STASH'], builtin: os.homedir(),
    storage: storage.getStore(), plugin: (ctx.plugins as any).memory.get(), heard: heard.join(' '),
  };
  current = secret;
  await new Promise((resolve) => setTimeout(resolve, 5)); // whatever listens has its turn
  return { pid: process.pid, ...found };
}

let first: string | null = null;
export const whose = ({ secret }: { secret: string }) => (first ??= secret);
`;

const files = (bodies: string) => ({
  'mxcp-site.yml': `mxcp: 1
project: apart
profile: default
bodies: {${bodies}}
plugin: [{name: memory, module: memory}]
profiles: {default: {duckdb: {path: ':memory:'}}}
`,
  'plugins/memory.ts': `export function create() {
  let kept: unknown;
  return { put: (value: unknown) => { kept = value; }, get: () => kept };
}
`,
  'tools/stash.yml': tool('stash'),
  'tools/look.yml': tool('look'),
  'tools/whose.yml': tool('whose'),
  'typescript/keeps.ts': keeps,
});

async function open(bodies: string): Promise<ServedSite> {
  const site = await serveSite(files(bodies));
  onTestFinished(() => site.close());
  return site;
}

/** What a tool answers to somebody; null: to nobody in particular. */
async function ask(
  { runtime }: ServedSite,
  name: string,
  who: Partial<Persona> | null,
  secret: string,
): Promise<unknown> {
  const outcome = await call(runtime, {
    kind: 'tool',
    name,
    arguments: { secret },
    caller: runtime.callerOf('http', who === null ? undefined : { claims: {}, ...who }),
    context: { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} },
  });
  if (outcome.status !== 'success') throw outcome.error;
  return outcome.released.form === 'value' ? outcome.released.value : outcome.released.form;
}

const ada = { userId: 'ada' };
const bob = { userId: 'bob' };

describe('what a call leaves in its worker', () => {
  it('the same caller finds again, and nobody else: neither what he left nor what others did meanwhile', async () => {
    const site = await open('workers: 2');
    const pid = await ask(site, 'stash', ada, 'secret of ada');
    const others = [
      await ask(site, 'look', bob, 'secret of bob'),
      await ask(site, 'look', null, 'secret of nobody'),
    ];
    for (const seen of others) {
      expect(JSON.stringify(seen)).not.toContain('secret of');
      expect(seen).not.toHaveProperty('pid', pid);
    }
    const secret = 'secret of ada';
    const own = await ask(site, 'look', ada, 'another secret of ada');
    expect(own).toMatchObject({
      pid, module: secret, global: secret, prototype: secret, environment: secret, builtin: secret, plugin: secret,
    }); // prettier-ignore
    expect(own).toHaveProperty('heard', expect.stringContaining('another secret of ada'));
    expect(JSON.stringify(own)).not.toMatch(/secret of (?:bob|nobody)/);
  });

  it('nobody finds again where a worker serves one call', async () => {
    const site = await open('workers: 2, reuse: never');
    const pid = await ask(site, 'stash', ada, 'secret of ada');
    const own = await ask(site, 'look', ada, 'secret of ada');
    expect(own).not.toHaveProperty('pid', pid);
    expect(JSON.stringify(own)).not.toContain('secret of');
  });

  it('is there for anyone where a site says so', async () => {
    const site = await open('workers: 2, reuse: anyone');
    const worker = await ask(site, 'stash', ada, 'secret of ada');
    const seen = await ask(site, 'look', bob, 'secret of bob');
    expect(seen).toMatchObject({ pid: worker, module: 'secret of ada', builtin: 'secret of ada' });
  });

  it('as threads, too', async () => {
    const site = await open('workers: 2, isolation: thread');
    await ask(site, 'stash', ada, 'secret of ada');
    expect(JSON.stringify(await ask(site, 'look', bob, 'secret of bob'))).not.toContain('secret of');
    expect(await ask(site, 'look', ada, 'x')).toMatchObject({ module: 'secret of ada' });
  });
});

describe('callers', () => {
  it.each(['workers: 2', 'workers: 2, reuse: never', 'workers: 2, isolation: thread'])(
    'more than there are workers for never meet in one (%s)',
    async (bodies) => {
      const site = await open(bodies);
      const people = Array.from({ length: 11 }, (_, index) => ({ userId: `person-${index}` }));
      for (let round = 0; round < 2; round += 1) {
        const answers = await Promise.all(people.map((who) => ask(site, 'whose', who, who.userId)));
        expect(answers).toEqual(people.map(({ userId }) => userId));
      }
    },
  );

  it('whom an embedding program names without an id are told apart by their names', async () => {
    const site = await open('workers: 2');
    const names = ['ada', 'bob'];
    for (const username of names) expect(await ask(site, 'whose', { username }, username)).toBe(username);
  });
});
