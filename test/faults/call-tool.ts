import { post, toolCall } from '../transport/http/post.js';

/** How a call ended: what came back, and in one word how (`success` or the code of the failure). */
export interface Called {
  readonly end: string;
  readonly text: string;
  readonly callId: string | undefined;
}

interface Answered {
  readonly result?: {
    readonly isError?: boolean;
    readonly _meta?: { readonly code?: string; readonly call_id?: string };
  };
  readonly error?: { readonly data?: { readonly code?: string } };
}

/** Calls a tool as a client of the modern era. Rejects when the connection breaks. */
export async function callTool(url: string, name: string, args: object): Promise<Called> {
  const { text, messages } = await post(url, ...toolCall('modern', name, args));
  const { result, error } = (messages[0] ?? {}) as Answered;
  const end = result === undefined || result.isError === true ? undefined : 'success';
  return {
    end: end ?? result?._meta?.code ?? error?.data?.code ?? text,
    text,
    callId: result?._meta?.call_id,
  };
}
