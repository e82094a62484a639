import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { ContentBlock } from '../../model/content.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { ServerInfo } from '../../model/settings.js';
import type { ToolEnd } from '../mcp/call-tool.js';
import type { ToolAnswer } from '../mcp/to-tool-result.js';
import { presentError } from '../present-error.js';
import type { DirectCall } from './direct-call.js';

/** The value as it goes into `structuredContent`: its JSON text, which is not made a second time. */
function structuredPart({ structured, json }: ToolAnswer): string {
  if (structured === 'none') return '';
  return `,"structuredContent":${structured === 'wrapped' ? `{"result":${json}}` : json}`;
}

function metaPart(meta: JsonObject, call: DirectCall, info: ServerInfo): string {
  const server = { name: info.name, version: info.version };
  return JSON.stringify(call.era === 'modern' ? { ...meta, [SERVER_INFO_META_KEY]: server } : meta);
}

function resultText(
  call: DirectCall,
  info: ServerInfo,
  meta: JsonObject,
  blocks: readonly ContentBlock[],
  rest: string,
): string {
  const content = JSON.stringify(blocks);
  const type = call.era === 'modern' ? ',"resultType":"complete"' : '';
  const result = `{"_meta":${metaPart(meta, call, info)},"content":${content}${rest}${type}}`;
  return `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(call.id)}}`;
}

/** The JSON-RPC message that ends a direct call, byte for byte as the SDK writes it (a differential test holds it to that). */
export function writeDirect(call: DirectCall, ended: ToolEnd, info: ServerInfo): string {
  switch (ended.end) {
    case 'answer':
      return resultText(call, info, ended.answer.meta, ended.answer.content, structuredPart(ended.answer));
    case 'tool-error': {
      const { text, meta } = presentError(ended.error, ended.callId);
      return resultText(call, info, meta, [{ type: 'text', text }], ',"isError":true');
    }
    case 'protocol-error': {
      const { code, message } = ended.error;
      const data = ended.error.data as Json | undefined;
      return JSON.stringify({ jsonrpc: '2.0', id: call.id, error: { code, message, ...(data && { data }) } });
    }
  }
}
