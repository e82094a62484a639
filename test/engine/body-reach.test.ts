import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../src/engine/pipeline.js';
import type { ClientChannel } from '../../src/model/call.js';
import type { Persona } from '../../src/model/caller.js';
import type { Outcome } from '../../src/model/outcome.js';
import { serveSite, type ServedSite } from '../transport/open-site.js';

const tool = (name: string): string => `mxcp: 1
tool:
  name: ${name}
  language: typescript
  source: {file: ../typescript/reach.ts}
`;

const files = {
  'mxcp-site.yml': `mxcp: 1
project: reach
profile: default
secrets: [service]
bodies: {workers: 2, reuse: anyone}
profiles: {default: {duckdb: {path: reach.duckdb}}}
`,
  '../.mxcp/config.yml': `mxcp: 1
projects: {reach: {profiles: {default: {secrets: [{name: service, type: custom, parameters: {token: planted}}]}}}}
`,
  'tools/where.yml': tool('where'),
  'tools/leave.yml': tool('leave'),
  'tools/look.yml': tool('look'),
  'typescript/reach.ts': `import type { ToolContext } from 'mxcp';

export const where = () => process.pid;

let kept: ToolContext | undefined;
let tried: Promise<string[]> | undefined;
const end = (work: Promise<unknown>) => work.then(() => 'done', (error: Error) => error.message);

/** Acts on by itself, and on the ctx of its call, when that has ended. */
export function leave(_args: unknown, ctx: ToolContext) {
  kept = ctx;
  tried = undefined;
  const timer = setInterval(() => {
    if (!ctx.signal.aborted) return;
    clearInterval(timer);
    ctx.log.error('late'); ctx.progress(1, 1, 'late'); ctx.audit.event({ target: 'late' });
    const asked = [
      ctx.db.query('SELECT 1'), ctx.db.execute('CREATE TABLE late (n INTEGER)'), ctx.secrets.get('service'),
      ctx.user.externalToken(), ctx.endpoints.call('where'), ctx.elicit('late', {}, 'late'), ctx.fetch('http://127.0.0.1:9/late'),
    ];
    tried = Promise.all(asked.map(end));
  }, 1);
  timer.unref();
  return process.pid;
}

export async function look(_args: unknown, ctx: ToolContext) {
  if (kept === undefined) return { pid: process.pid };
  while (tried === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  return { pid: process.pid, user: ctx.user.username, same: kept === ctx, aborted: ctx.signal.aborted, tried: await tried };
}
`,
};

let site: ServedSite;

beforeAll(async () => {
  site = await serveSite(files);
});

afterAll(() => site.close());

async function run(name: string, persona: Partial<Persona> = {}, client?: ClientChannel): Promise<Outcome> {
  return call(site.runtime, {
    kind: 'tool',
    name,
    arguments: {},
    caller: site.runtime.callerOf('http', { claims: {}, ...persona }),
    context: { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} },
    ...(client && { client }),
  });
}

function valueOf(outcome: Outcome): unknown {
  if (outcome.status !== 'success') throw outcome.error;
  return outcome.released.form === 'value' ? outcome.released.value : outcome.released.form;
}

/** What the descriptors of a process are. */
function descriptors(pid: number | string): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

describe.skipIf(process.platform !== 'linux')('the process of a body', () => {
  it('has no descriptor of the server: no file, and no socket or pipe that the server holds', async () => {
    const pid = Number(valueOf(await run('where')));
    const all = descriptors(pid);
    expect(all.length).toBeGreaterThan(3);
    expect(all.filter((each) => !/^(?:socket:|pipe:|anon_inode:|\/dev\/null$)/.test(each))).toEqual([]);
    const shared = new Set(descriptors('self').filter((each) => /^(?:socket|pipe):/.test(each)));
    expect(shared.size).toBeGreaterThan(3);
    expect(all.filter((each) => shared.has(each))).toEqual([]);
    expect(all.filter((each) => each.startsWith('socket:')).length).toBeLessThanOrEqual(3);
  });

  it('was started with an empty environment', async () => {
    const pid = Number(valueOf(await run('where')));
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
  });
});

describe('a call that leaves something running', () => {
  it('does nothing in the call of somebody else in the same worker, nor for anybody', async () => {
    const heard: unknown[] = [];
    const hear = (...said: unknown[]): void => void heard.push(said);
    const left = valueOf(await run('leave', { username: 'ada' }, { log: hear, progress: hear }));
    let seen: { pid?: unknown; tried?: unknown } = {};
    let outcome: Outcome | undefined;
    for (let i = 0; i < 20 && seen.tried === undefined; i++) {
      outcome = await run('look', { username: 'bob' }, { log: hear, progress: hear });
      seen = valueOf(outcome) as typeof seen;
    }
    const ended = 'The call has ended; its ctx cannot be used any more';
    expect(seen).toEqual({
      pid: left,
      user: 'bob',
      same: false,
      aborted: false,
      tried: [...Array.from({ length: 6 }, () => ended), 'The call has ended'],
    });
    expect(heard).toEqual([]);
    const kept = JSON.stringify([site.records(), site.logger.lines]);
    expect(kept).toContain(outcome?.callId);
    expect(kept).not.toContain('late');
  });
});
