import type { Socket } from 'node:net';
import { rpcCodes } from '../present-error.js';
import { securityHeaders } from './security-headers.js';

/** What is told with each HTTP status that is not about the call. */
export const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad request',
  404: 'Not found',
  408: 'The request took too long',
  413: 'The body is too large',
  415: 'Content-Type must be application/json',
  431: 'The headers are too large',
};

function statusOf(code: string | undefined): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
}

/** Answers what is no HTTP request, or one that is too slow or whose headers are too large, and hangs up. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statusOf(error.code);
  const message = statusTexts[status] ?? 'Bad request';
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code: rpcCodes.refused, message }, id: null });
  const headers = Object.entries({
    ...securityHeaders,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${message}\r\n${headers.join('')}\r\n${body}`);
}
