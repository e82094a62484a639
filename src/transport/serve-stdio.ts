import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { serveStdio as serveSdk } from '@modelcontextprotocol/server/stdio';
import type { Logger } from '../engine/logger.js';
import type { Runtime } from '../engine/runtime.js';
import type { Persona } from '../model/caller.js';
import { createServer } from './mcp/create-server.js';
import { clientOf, type ConnectionContext, messageContext } from './request-context.js';
import { createLineTransport } from './stdio/line-transport.js';

/** What a stdio server is made of. */
export interface ServeStdioOptions {
  /** The runtime that serves now; a reload changes it between two messages. */
  readonly runtime: () => Runtime;
  readonly input: Readable;
  /** Carries protocol messages and nothing else. */
  readonly output: Writable;
  readonly logger: Logger;
  /** Who the local user is, when the command line says it; else the profile's `stdio.user_context`. */
  readonly persona?: Persona;
  /** How long calls may still be answered after the input ended, milliseconds. */
  readonly graceMs: number;
}

/** A connection that is being served. */
export interface StdioServer {
  /** Resolves when the client hung up and what it asked for has been answered. */
  readonly closed: Promise<void>;
  /** Cancels what runs and closes the connection. */
  readonly close: () => Promise<void>;
}

function clientInfoOf(message: JSONRPCMessage): unknown {
  return 'method' in message && message.method === 'initialize' ? message.params?.['clientInfo'] : undefined;
}

/** Serves MCP to one client over a pair of streams, in the era that the client opens with (spec page 09). */
export function serveStdio(options: ServeStdioOptions): StdioServer {
  const { runtime, logger, persona } = options;
  const caller = runtime().callerOf('stdio', persona ?? runtime().project.transport.stdioUser);
  let connection: ConnectionContext = { transport: 'stdio', headers: {}, sessionId: randomUUID() };
  const transport = createLineTransport({
    input: options.input,
    output: options.output,
    maxLineBytes: runtime().project.transport.http.maxBodyBytes,
    graceMs: options.graceMs,
    observe: (message) => {
      const client = clientOf(clientInfoOf(message));
      if (client) connection = { ...connection, client };
    },
  });
  const server = serveSdk(
    ({ era }) =>
      createServer({
        runtime,
        caller,
        era,
        logger,
        asks: true,
        context: (meta) => messageContext(connection, meta),
      }),
    {
      transport,
      onerror: (error) => logger.debug({ reason: error.name }, 'the protocol layer refused a message'),
    },
  );
  return { closed: transport.closed, close: () => server.close() };
}
