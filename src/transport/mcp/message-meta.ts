import { CLIENT_CAPABILITIES_META_KEY, type ServerContext } from '@modelcontextprotocol/server';

/** Raw `_meta` of a message, put together again: the modern envelope, and whatever else the client sent. */
export function messageMeta({ mcpReq }: ServerContext): unknown {
  return { ...mcpReq._meta, ...mcpReq.envelope };
}

/** True when the envelope of a message says that its client can show a human a form, which is what it says by an empty object. */
export function saysElicitation(meta: unknown): boolean {
  const capabilities = memberOf(meta, CLIENT_CAPABILITIES_META_KEY);
  const asks = memberOf(capabilities, 'elicitation');
  return memberOf(asks, 'form') !== undefined || (asks !== undefined && memberOf(asks, 'url') === undefined);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}
