import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { percentile } from './measure.js';

/** What a load of requests gave. Latencies in milliseconds. */
export interface Load {
  readonly calls: number;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

function post(url: URL, agent: Agent, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`HTTP ${answer.statusCode ?? 0}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends the same body over `connections` kept connections for `ms` milliseconds. */
async function load(address: string, connections: number, ms: number, body: string): Promise<Load> {
  const url = new URL(address);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + ms;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const sent = performance.now();
      await post(url, agent, body);
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  const rate = (latencies.length * 1000) / (performance.now() - start);
  return { calls: latencies.length, rate, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

const [address, connections, ms, body] = process.argv.slice(2);
if (address !== undefined && body !== undefined) {
  process.stdout.write(JSON.stringify(await load(address, Number(connections), Number(ms), body)));
}
