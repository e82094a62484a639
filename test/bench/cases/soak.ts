import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { median, type Row } from '../measure.js';
import { serveSite, writeSite } from '../processes.js';
import { callBody, siteWith } from './http.js';

const callsPerSecond = 500;
/** Strangers who connect once and never come back, spread over the run. */
const visitors = 10_000;

interface Sample {
  /** Resident memory, MB. */
  readonly memory: number;
  readonly handles: number;
  readonly threads: number;
}

function look(pid: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    memory: field('VmRSS') / 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
  };
}

function call(url: URL, agent: Agent | false): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(callBody),
      accept: 'application/json, text/event-stream',
    };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(callBody);
  });
}

/** Sends calls at a fixed rate and lets strangers come by; looks at the server every ten seconds. */
async function drive(
  url: URL,
  pid: number,
  ms: number,
): Promise<{ samples: Sample[]; calls: number; failed: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const samples: Sample[] = [];
  const counts = { calls: 0, failed: 0, visits: 0 };
  const start = performance.now();
  const count = (sent: Promise<number>): Promise<void> =>
    sent.then(
      (status) => void (counts.failed += status === 200 ? 0 : 1),
      () => void (counts.failed += 1),
    );
  for (let passed = 0; passed < ms; passed = performance.now() - start) {
    const due = Math.floor((passed / 1000) * callsPerSecond) - counts.calls;
    const visits = Math.floor((passed / ms) * visitors) - counts.visits;
    counts.calls += due;
    counts.visits += visits;
    const wave = [
      ...Array.from({ length: due }, () => count(call(url, agent))),
      ...Array.from({ length: visits }, () => count(call(url, false))),
    ];
    await Promise.all(wave);
    if (passed / 10_000 >= samples.length) samples.push(look(pid));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  agent.destroy();
  return { samples, calls: counts.calls + counts.visits, failed: counts.failed };
}

function growth(samples: readonly Sample[], field: keyof Sample): string {
  const part = Math.max(1, Math.floor(samples.length / 6));
  const of = (some: readonly Sample[]): number => median(some.map((sample) => sample[field]));
  const early = of(samples.slice(part, 2 * part));
  const late = of(samples.slice(-part));
  return `${early.toFixed(0)} → ${late.toFixed(0)}`;
}

/** Hours of steady calls with rules and the audit log, and clients that never come back: nothing may grow (page 12). */
export async function soakCases(minutes: number): Promise<Row[]> {
  const served = await serveSite(writeSite(siteWith({ audit: true, ruled: true })));
  try {
    const { samples, calls, failed } = await drive(new URL(served.url), served.pid, minutes * 60_000);
    const title = `${minutes} min at ${callsPerSecond} calls/s, ${visitors} visitors`;
    return [
      {
        case: `${title}: memory, MB`,
        ours: growth(samples, 'memory'),
        floor: '',
        ratio: undefined,
        target: 'flat',
      },
      {
        case: `${title}: handles`,
        ours: growth(samples, 'handles'),
        floor: '',
        ratio: undefined,
        target: 'flat',
      },
      {
        case: `${title}: threads`,
        ours: growth(samples, 'threads'),
        floor: '',
        ratio: undefined,
        target: 'flat',
      },
      { case: `${title}: failed`, ours: `${failed} of ${calls}`, floor: '', ratio: undefined, target: '0' },
    ];
  } finally {
    await served.close();
  }
}
