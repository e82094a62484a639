import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A load balancer of the simplest kind: each request goes to the next replica that takes connections. */
export interface Balancer {
  readonly url: string;
  /** Origins of the replicas. */
  backends: readonly string[];
  /** Sends every request to this replica, until it is undefined again. */
  only: string | undefined;
  /** The next answer is thrown away, and its client's connection cut, as by a network that breaks. */
  loseNextAnswer: boolean;
  /** Requests that each replica has answered. */
  readonly answered: Map<string, number>;
  readonly close: () => Promise<void>;
}

/** Sends a request on. Rejects when the replica takes no connection; then nothing has been sent. */
function forward(origin: string, incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  const { method, url, headers, socket } = incoming;
  return new Promise((resolve, reject) => {
    const forwarded = { ...headers, 'x-forwarded-for': socket.remoteAddress ?? '' };
    const outgoing = request(`${origin}${url ?? '/'}`, { method, headers: forwarded, agent: false });
    outgoing.on('response', resolve).on('error', reject).end(body);
  });
}

const refusesConnections = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';

/** Starts one. */
export async function startBalancer(): Promise<Balancer> {
  let turn = 0;

  async function answerOf(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const places = balancer.only === undefined ? balancer.backends : [balancer.only];
    turn += 1;
    for (let attempt = 0; attempt < places.length; attempt += 1) {
      const origin = places[(turn + attempt) % places.length] ?? '';
      try {
        const answer = await forward(origin, incoming, body);
        balancer.answered.set(origin, (balancer.answered.get(origin) ?? 0) + 1);
        return answer;
      } catch (error) {
        if (!refusesConnections(error)) throw error;
      }
    }
    throw new Error('no replica takes connections');
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat((await incoming.toArray()) as Buffer[]);
    const answer = await answerOf(incoming, body);
    if (balancer.loseNextAnswer) {
      balancer.loseNextAnswer = false;
      await answer.toArray();
      incoming.socket.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    for await (const chunk of answer) response.write(chunk);
    response.end();
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
  });
  // A client must not reuse a connection in the moment in which this side ends it.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const balancer: Balancer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    backends: [],
    only: undefined,
    loseNextAnswer: false,
    answered: new Map(),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return balancer;
}
