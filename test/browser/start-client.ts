import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A client on loopback that waits for its answer, and then sends the browser on to a page elsewhere. */
export interface WaitingClient {
  readonly redirectUri: string;
  /** The query of the next answer. */
  readonly answer: () => Promise<URLSearchParams>;
  readonly close: () => Promise<void>;
}

/** Starts it. */
export async function startClient(): Promise<WaitingClient> {
  const answers: URLSearchParams[] = [];
  let wake: () => void = () => undefined;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/callback') {
      answers.push(url.searchParams);
      wake();
      response.writeHead(302, { location: '/done' }).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>You can close this window</h1>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    redirectUri: `http://127.0.0.1:${port}/callback`,
    answer: async () => {
      if (answers.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const [first] = answers.splice(0, 1);
      if (first === undefined) throw new Error('There is no answer');
      return first;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
