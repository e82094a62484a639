import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import type { HttpSettings } from '../../model/settings.js';
import { answerClientError } from './client-error.js';
import type { Timeouts } from './timeouts.js';

/** Bytes of all headers of a request. */
const maxHeaderBytes = 16_384;

/** Sockets on which requests arrive. */
export interface Listener {
  /** Where the first socket listens. */
  readonly address: AddressInfo;
  /** Stops listening and hangs up on everyone. */
  readonly close: () => Promise<void>;
}

function createBoundedServer(handler: RequestListener, settings: HttpSettings, timeouts: Timeouts): Server {
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      connectionsCheckingInterval: timeouts.check,
      headersTimeout: timeouts.headers,
      requestTimeout: timeouts.request,
      keepAliveTimeout: timeouts.keepAlive,
    },
    handler,
  );
  server.maxConnections = settings.maxConnections;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerClientError(error, socket),
  );
  return server;
}

async function bind(server: Server, host: string, port: number): Promise<AddressInfo> {
  server.listen({ host, port });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on TCP');
  return address;
}

/** True for what a machine without IPv6 answers. */
function isWithoutFamily(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/**
 * Listens with bounds on headers, connections and slow clients. `localhost` is both of its addresses, as far as the
 * machine has them. Throws the system's error when the address cannot be listened on.
 */
export async function listen(
  handler: RequestListener,
  settings: HttpSettings,
  timeouts: Timeouts,
): Promise<Listener> {
  const { host, port } = settings;
  const first = createBoundedServer(handler, settings, timeouts);
  const address = await bind(first, host === 'localhost' ? '127.0.0.1' : host, port);
  const servers = [first];
  if (host === 'localhost' && port !== 0) {
    const second = createBoundedServer(handler, settings, timeouts);
    try {
      await bind(second, '::1', port);
      servers.push(second);
    } catch (error) {
      if (!isWithoutFamily(error)) {
        await close(first);
        throw error;
      }
    }
  }
  return {
    address,
    close: async () => {
      await Promise.all(servers.map(close));
    },
  };
}
