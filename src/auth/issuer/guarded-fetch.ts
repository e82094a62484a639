import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.js';

/** What decides where a request may go. Only code can give another one than the default: no setting reaches it. */
export interface FetchGuard {
  readonly allows: (address: string) => boolean;
  readonly resolve: (hostname: string) => Promise<readonly string[]>;
  /** Certificate authorities instead of the system's. */
  readonly ca?: string;
}

const publicOnly: FetchGuard = {
  allows: isPublicAddress,
  resolve: async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address),
};

const maxBytes = 65_536;
const defaultTimeoutMs = 2_500;
const pauseMs = 10_000;
const maxFailures = 1_000;

/** The address that is connected to: one that was checked, so that a second answer of DNS changes nothing. */
async function checkedAddress(hostname: string, guard: FetchGuard): Promise<string> {
  const bare = hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(bare) === 0 ? await guard.resolve(bare) : [bare];
  const [first] = addresses;
  if (first === undefined) throw new Error('The host has no address');
  if (!addresses.every(guard.allows)) throw new Error('The host has an address that is not public');
  return first;
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`The answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function get(url: URL, address: string, guard: FetchGuard, signal: AbortSignal): Promise<Response> {
  const family = isIP(address) === 6 ? 6 : 4;
  const sent = request(url, {
    agent: false,
    signal,
    headers: { accept: 'application/json', 'accept-encoding': 'identity' },
    lookup: (_host, options, done) => {
      if (options.all === true) done(null, [{ address, family }]);
      else done(null, address, family);
    },
    ...(guard.ca !== undefined && { ca: guard.ca }),
  });
  sent.end();
  const [response] = (await once(sent, 'response', { signal })) as [IncomingMessage];
  const body = await readBody(response);
  const headers = new Headers();
  for (const name of ['content-type', 'cache-control', 'expires']) {
    const value = response.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const status = response.statusCode ?? 0;
  return new Response(status === 200 ? new Uint8Array(body) : null, {
    status: status === 200 ? 200 : 502,
    headers,
  });
}

async function checked(
  input: string | URL | Request,
  init: RequestInit | undefined,
  guard: FetchGuard,
): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.protocol !== 'https:') throw new Error('Only https is fetched');
  if (url.username !== '' || url.password !== '') throw new Error('The address must not have a user name');
  const signal = init?.signal ?? AbortSignal.timeout(defaultTimeoutMs);
  const aborted = once(signal, 'abort').then(() => Promise.reject(new Error('The host was too slow')));
  const work = checkedAddress(url.hostname, guard).then((address) => get(url, address, guard, signal));
  return Promise.race([work, aborted]);
}

/**
 * A `fetch` for addresses that strangers choose (client metadata documents and key sets): GET over https to a public address
 * that was checked before connecting, no redirects, no cookies, at most 64 KiB, and one time limit over DNS, connection and
 * body. Rejects otherwise, and for ten seconds after a failure without asking again: nobody is flooded through this server.
 */
export function createGuardedFetch(guard: FetchGuard = publicOnly): typeof fetch {
  const failures = new Map<string, number>();
  return async (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    if (performance.now() - (failures.get(address) ?? -Infinity) < pauseMs) {
      throw new Error('The address failed a moment ago');
    }
    try {
      const answer = await checked(input, init, guard);
      if (answer.ok) return answer;
      throw new Error(`The host answers with ${answer.status}`);
    } catch (error) {
      if (failures.size >= maxFailures) failures.clear();
      failures.set(address, performance.now());
      throw error;
    }
  };
}
