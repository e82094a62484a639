import type { ServerContext } from '@modelcontextprotocol/server';

/** Raw `_meta` of a message, put together again: the modern envelope, and whatever else the client sent. */
export function messageMeta({ mcpReq }: ServerContext): unknown {
  return { ...mcpReq._meta, ...mcpReq.envelope };
}
