import type { Readable, Writable } from 'node:stream';
import {
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  parseJSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/server';
import type { Json } from '../../model/json.js';
import { idOf, type MessageId } from '../message-id.js';
import { rpcCodes } from '../present-error.js';
import { readJson, unreadableErrors } from '../read-json.js';
import { createLineSplitter } from './split-lines.js';

/** What a transport over lines is made of. */
export interface LineTransportOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly maxLineBytes: number;
  /** How long requests in flight may still be answered after the input ended, milliseconds. */
  readonly graceMs: number;
  /** Sees each message before the protocol does. */
  readonly observe: (message: JSONRPCMessage) => void;
}

type Id = string | number;

interface LineTransport extends Transport {
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
}

function parse(value: Json): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(value);
  } catch {
    return undefined;
  }
}

/** The request that a message answers or calls off. */
function settledId(message: JSONRPCMessage): Id | undefined {
  if (isJSONRPCResultResponse(message)) return message.id;
  if (isJSONRPCErrorResponse(message)) return message.id;
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  const id = message.params?.['requestId'];
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/**
 * MCP over lines of JSON, read as strictly as over HTTP. Unlike the SDK's own it answers what it cannot read, and after
 * the input has ended it lets the requests in flight be answered before it closes, so that `echo … | mxcp serve` works.
 */
export function createLineTransport(options: LineTransportOptions): LineTransport {
  const { input, output } = options;
  const pending = new Set<Id>();
  let ended = false;
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let resolveClosed: () => void = () => undefined;

  function write(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (over || output.destroyed || output.writableEnded) resolve();
      else output.write(`${text}\n`, () => resolve());
    });
  }

  function refuse(code: number, message: string, id: MessageId = null): void {
    void write(JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } }));
  }

  function settle(id: Id | undefined): void {
    if (id !== undefined) pending.delete(id);
    if (ended && pending.size === 0) void transport.close();
  }

  function deliver(value: Json): void {
    const message = Array.isArray(value) ? undefined : parse(value);
    if (message === undefined) {
      refuse(rpcCodes.request, 'Invalid request: not a single JSON-RPC message', idOf(value));
      return;
    }
    if (isJSONRPCRequest(message) && message.method !== 'subscriptions/listen') {
      if (pending.has(message.id)) {
        refuse(rpcCodes.request, 'Invalid request: a request with this id is running', message.id);
        return;
      }
      pending.add(message.id);
    } else settle(settledId(message));
    options.observe(message);
    transport.onmessage?.(message);
  }

  function onLine(line: Buffer): void {
    const text = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
    if (text.length === 0) return;
    const read = readJson(text);
    if (read.ok) {
      deliver(read.value);
      return;
    }
    const { code, message } = unreadableErrors[read.reason];
    refuse(code, message);
  }

  const lines = createLineSplitter(options.maxLineBytes, onLine, () =>
    refuse(rpcCodes.request, `Invalid request: a message has at most ${options.maxLineBytes} bytes`),
  );
  const onData = (chunk: Buffer | string): void =>
    lines.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  const onEnd = (): void => {
    if (ended) return;
    ended = true;
    if (pending.size === 0) void transport.close();
    else timer = setTimeout(() => void transport.close(), options.graceMs);
  };
  const onOutputError = (): void => void transport.close();

  const transport: LineTransport = {
    closed: new Promise((resolve) => {
      resolveClosed = resolve;
    }),
    start: () => {
      input.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
      output.on('error', onOutputError);
      if (input.readableEnded || input.destroyed) setImmediate(onEnd);
      return Promise.resolve();
    },
    send: async (message) => {
      await write(JSON.stringify(message));
      settle(settledId(message));
    },
    close: () => {
      if (over) return Promise.resolve();
      over = true;
      clearTimeout(timer);
      // The listener for errors of the output stays: a write that was accepted can still fail later.
      input.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      input.pause();
      transport.onclose?.();
      resolveClosed();
      return Promise.resolve();
    },
  };
  return transport;
}
