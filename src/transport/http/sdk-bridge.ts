import { createMcpHandler, type McpRequestContext } from '@modelcontextprotocol/server';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import type { Logger } from '../../engine/logger.js';
import { InternalError, type MxcpError } from '../../errors.js';
import type { StopSignal } from '../../lib/stop-signal.js';
import type { Json } from '../../model/json.js';
import { createServer } from '../mcp/create-server.js';
import type { BaseSession } from '../mcp/session.js';
import { idOf } from '../message-id.js';
import type { RawHeaders } from '../request-headers.js';
import { sendFailure } from './rpc-answer.js';
import { sendJson, sendStream, streamHeaders } from './send-message.js';

/** One POST that the SDK answers. */
interface SdkRequest {
  readonly body: Json;
  readonly headers: RawHeaders;
  readonly signal: StopSignal;
  readonly session: BaseSession;
  readonly metadataUrl?: string | undefined;
}

interface Refusal {
  readonly error: MxcpError;
  readonly callId: string;
}

interface Pending {
  readonly request: SdkRequest;
  refusal?: Refusal;
}

/** The only headers that the SDK reads; a credential never gets there. */
const sdkHeaders = ['accept', 'content-type', 'mcp-method', 'mcp-name', 'mcp-protocol-version'];

/** The SDK takes no other signal than Node's own. */
function abortSignalOf(stop: StopSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(stop.reason);
  if (stop.aborted) abort();
  else stop.addEventListener('abort', abort, { once: true });
  return controller.signal;
}

function toRequest({ headers, signal }: SdkRequest): Request {
  const picked = sdkHeaders.flatMap((name) =>
    (headers[name] ?? []).map((value): [string, string] => [name, value]),
  );
  return new Request('http://localhost/', { method: 'POST', headers: picked, signal: abortSignalOf(signal) });
}

/** The SDK's server for everything that the direct path leaves to it: both eras, one fresh protocol server per request. */
export interface SdkBridge {
  readonly serve: (request: SdkRequest, reply: FastifyReply) => Promise<FastifyReply>;
  readonly close: () => Promise<void>;
}

async function* events(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  first: Uint8Array | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for (let chunk = first; chunk !== undefined; chunk = (await reader.read()).value) yield chunk;
  } finally {
    await reader.cancel();
  }
}

/**
 * Writes the SDK's answer. The status is decided when the answer, or the first part of a stream, is there, so that a single
 * message that was refused for its credential, scopes or rate gets the HTTP status that says so.
 */
async function relay(response: Response, pending: Pending, reply: FastifyReply): Promise<FastifyReply> {
  const { status, headers } = response;
  const body: ReadableStream<Uint8Array> | null = response.body;
  const allow = headers.get('allow');
  if (allow !== null) reply.header('allow', allow);
  if (body === null) return reply.code(status).send();
  if (headers.get('content-type') !== streamHeaders['content-type']) {
    const json = await response.text();
    return refused(pending, reply) ?? sendJson(reply, status, json);
  }
  const reader = body.getReader();
  const { value: first } = await reader.read();
  const refusal = refused(pending, reply);
  if (refusal === undefined) return sendStream(reply, status, Readable.from(events(reader, first)));
  await reader.cancel();
  return refusal;
}

function refused({ refusal, request }: Pending, reply: FastifyReply): FastifyReply | undefined {
  const { body, metadataUrl } = request;
  return refusal && sendFailure(reply, refusal.error, refusal.callId, { id: idOf(body), metadataUrl });
}

/** Creates the bridge; `logger` hears of what the SDK only reports. */
export function createSdkBridge(logger: Logger): SdkBridge {
  const pendings = new WeakMap<Request, Pending>();

  function serverFor({ era, requestInfo }: McpRequestContext) {
    const pending = requestInfo && pendings.get(requestInfo);
    if (!pending) throw new InternalError('The SDK asked for a server for a request that nobody made');
    const single = !Array.isArray(pending.request.body);
    return createServer({
      ...pending.request.session,
      era,
      ...(single && {
        refuse: (error: MxcpError, callId: string) => {
          pending.refusal ??= { error, callId };
        },
      }),
    });
  }

  const handler = createMcpHandler(serverFor, {
    legacy: 'stateless',
    responseMode: 'auto',
    onerror: (error) => logger.debug({ reason: error.name }, 'the protocol layer refused a message'),
  });

  return {
    serve: async (request, reply) => {
      const pending: Pending = { request };
      const webRequest = toRequest(request);
      pendings.set(webRequest, pending);
      const response = await handler.fetch(webRequest, { parsedBody: request.body });
      return await relay(response, pending, reply);
    },
    close: () => handler.close(),
  };
}
