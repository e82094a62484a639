import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleModules, type Bundle } from '../../../../src/execute/typescript/bundle.js';
import { startRelay, type RelayLink } from '../../../../src/execute/typescript/relay/relay-link.js';
import type { WorkerEnd } from '../../../../src/execute/typescript/worker-link.js';

const folder = mkdtempSync(join(tmpdir(), 'mxcp-relay-'));
let bundle: Bundle;

beforeAll(async () => {
  bundle = await bundleModules([], folder);
});

afterAll(async () => {
  await bundle.remove();
  rmSync(folder, { recursive: true, force: true });
});

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A worker that sends one message `times`, as fast as it is read, and then the last one. */
const flood = (message: string, times: number, last: string): string => `import { Socket } from 'node:net';
const frame = (message) => {
  const text = Buffer.from(message);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(text.length);
  return Buffer.concat([head, text]);
};
const each = frame(${JSON.stringify(message)});
const line = new Socket({ fd: 3 });
let left = ${times};
const send = () => {
  while (left-- > 0) if (!line.write(each)) return;
  if (left === -1) line.write(frame(${JSON.stringify(last)}));
};
line.on('drain', send).on('error', () => process.exit(0)).on('data', () => undefined);
send();`;

/** Starts such a worker behind a relay. `take` hears of each message. */
function start(
  message: string,
  take: (text: string) => void,
  times = Infinity,
  last = '',
): { readonly link: RelayLink; readonly end: Promise<WorkerEnd> } {
  const program = join(folder, 'flood.mjs');
  writeFileSync(program, flood(message, times, last));
  let tellEnd: (end: WorkerEnd) => void;
  const end = new Promise<WorkerEnd>((resolve) => (tellEnd = resolve));
  const link = startRelay(
    bundle.relay,
    'process',
    {
      program,
      memoryBytes: 256 * 1024 * 1024,
      environment: {},
      readable: [folder],
      maxMessageBytes: () => 5 * 1024 * 1024,
    },
    { text: take, output: () => undefined, end: (told) => tellEnd(told) },
  );
  return { link, end };
}

const padding = 'x'.repeat(100_000);

describe('a worker of functions that floods its line', () => {
  it('with lines for the log takes a quarter of the server’s thread for long', async () => {
    let spent = 0;
    let first = 0;
    let resolve: (ms: number) => void;
    const taken = new Promise<number>((done) => (resolve = done));
    const { link, end } = start(JSON.stringify({ type: 'tell', padding }), () => {
      first ||= performance.now();
      busy(20);
      spent += 20;
      if (spent === 800) resolve(performance.now() - first);
    });
    expect(await taken).toBeGreaterThan((spent - 300) * 3);
    link.kill('stopped', 'the test is over');
    expect(await end).toMatchObject({ reason: 'stopped' });
  });

  it('with lines for the log may still say what is not for the log', async () => {
    const loaded = JSON.stringify({ type: 'loaded' });
    let heard: () => void;
    const taken = new Promise<string>((resolve) => (heard = () => resolve('taken')));
    const take = (text: string): void => (text === loaded ? heard() : busy(1));
    const { link, end } = start(JSON.stringify({ type: 'tell', text: 'x'.repeat(200) }), take, 5000, loaded);
    expect(await Promise.race([taken, end])).toBe('taken');
    link.kill('stopped', 'the test is over');
    expect(await end).toMatchObject({ reason: 'stopped' });
  });

  it('with anything else is ended', async () => {
    const { end } = start(JSON.stringify({ type: 'ask', padding }), () => busy(20));
    expect(await end).toEqual({ reason: 'hostile', detail: 'it talks without end' });
  });

  it('with answers to nothing is ended, before the first is kept', async () => {
    let heard = 0;
    const { link, end } = start(JSON.stringify({ type: 'udf', id: 0, values: [] }), () => (heard += 1));
    expect(await end).toEqual({ reason: 'hostile', detail: 'it answers what nobody asked' });
    expect(heard).toBe(0);
    expect(link.exchange('{"type":"udf","id":1}', 1)).toBeUndefined();
  });
});
