import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import type { HttpSettings } from '../../model/settings.js';
import type { Logger } from '../../engine/logger.js';
import { answerClientError } from './client-error.js';
import { followTlsFiles, tlsOptions } from './tls.js';
import type { Timeouts } from './timeouts.js';

/** Bytes of all headers of a request. */
const maxHeaderBytes = 16_384;

/** What listens. */
export interface ListenOptions {
  readonly handler: RequestListener;
  readonly settings: HttpSettings;
  readonly timeouts: Timeouts;
  readonly logger: Logger;
}

/** Sockets on which requests arrive. */
export interface Listener {
  /** Where the first socket listens. */
  readonly address: AddressInfo;
  /** Stops listening and hangs up on everyone. */
  readonly close: () => Promise<void>;
}

/**
 * Node tells the end of a connection to the answer whose turn it is. Those behind it, to requests that were sent before that
 * answer, hear of it here: else what makes them would go on, and be waited for.
 */
function tellWaiting(handler: RequestListener): RequestListener {
  return (request, response) => {
    if (response.socket === null) {
      const { socket } = request;
      let told = false;
      const lost = (): void => {
        if (response.socket !== null) return;
        response.destroy();
        setImmediate(() => told || response.emit('close')); // newer versions of Node tell it themselves
      };
      socket.setMaxListeners(0).once('close', lost);
      response.once('close', () => {
        told = true;
        socket.off('close', lost);
      });
    }
    handler(request, response);
  };
}

function createAnyServer(
  options: ServerOptions,
  { handler, settings: { tls }, logger }: ListenOptions,
): Server {
  if (tls === undefined) return createServer(options, handler);
  const server = createSecureServer({ ...options, ...tlsOptions(tls) }, handler);
  const stop = followTlsFiles(server, tls, logger);
  server.once('close', stop);
  return server;
}

function createBoundedServer(given: ListenOptions): Server {
  const options = { ...given, handler: tellWaiting(given.handler) };
  const { settings, timeouts, logger } = options;
  const bounds = {
    maxHeaderSize: maxHeaderBytes,
    connectionsCheckingInterval: timeouts.check,
    headersTimeout: timeouts.headers,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keepAlive,
  };
  const server = createAnyServer(bounds, options);
  server.maxConnections = settings.maxConnections;
  // By default those beyond a thousand are dropped, and a proxy writes its own behind the client's. Their bytes are bounded.
  server.maxHeadersCount = 0;
  server.on('checkExpectation', options.handler); // Node's own refusal has none of our headers
  server.on('error', (err) => logger.error({ err }, 'the listener had an error')); // one socket's is no end of all
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
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port } = options.settings;
  const first = createBoundedServer(options);
  const address = await bind(first, host === 'localhost' ? '127.0.0.1' : host, port);
  const servers = [first];
  if (host === 'localhost' && port !== 0) {
    const second = createBoundedServer(options);
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
