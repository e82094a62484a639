import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect, it } from 'vitest';
import { callNiceness, slowNiceness } from '../../../src/execute/typescript/processor.js';
import { openSite } from './open-site.js';

const files = {
  'typescript/who.ts': 'export const who = () => process.pid;\n',
  // Ends when it is put behind the others, and gives up after two seconds of processor time.
  'typescript/hog.ts': `import { getPriority } from 'node:os';
export const hog = () => {
  const { user } = process.cpuUsage();
  const before = getPriority();
  while (getPriority() === before && process.cpuUsage().user - user < 2_000_000);
  return getPriority();
};
`,
};

/** The niceness of each thread of a process. */
function nicenesses(pid: unknown): Set<number> {
  const threads = readdirSync(`/proc/${String(pid)}/task`);
  const stats = threads.map((id) => readFileSync(`/proc/${String(pid)}/task/${id}/stat`, 'utf8'));
  return new Set(stats.map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])));
}

it.runIf(process.platform === 'linux')(
  'workers are behind the server, and calls that take much of the processor behind all others, until they end',
  async () => {
    const { run } = await openSite(files);
    expect(callNiceness()).toBe(Math.min(19, getPriority() + 5));
    expect(nicenesses(await run('who'))).toEqual(new Set([callNiceness()]));
    expect(await run('hog')).toBe(slowNiceness);
    expect(nicenesses(await run('who'))).toEqual(new Set([callNiceness()]));
  },
);
