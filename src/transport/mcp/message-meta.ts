import { CLIENT_CAPABILITIES_META_KEY, type ServerContext } from '@modelcontextprotocol/server';

/** Raw `_meta` of a message, put together again: the modern envelope, and whatever else the client sent. */
export function messageMeta({ mcpReq }: ServerContext): unknown {
  return { ...mcpReq._meta, ...mcpReq.envelope };
}

/** True when the envelope of a message says that its client can ask a human. */
export function saysElicitation(meta: unknown): boolean {
  if (typeof meta !== 'object' || meta === null) return false;
  const capabilities: unknown = Reflect.get(meta, CLIENT_CAPABILITIES_META_KEY);
  return (
    typeof capabilities === 'object' && capabilities !== null && Object.hasOwn(capabilities, 'elicitation')
  );
}
