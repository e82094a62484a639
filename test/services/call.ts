import { post, toolCall } from '../transport/http/post.js';

/** How a call of a tool ended. */
export interface Called {
  readonly status: number;
  /** What the tool gave, or the error of a refusal. */
  readonly content: Record<string, unknown>;
  readonly failed: boolean;
  readonly text: string;
}

/** Calls a tool with these headers, in the modern era. */
export async function call(
  mcpUrl: string,
  headers: Readonly<Record<string, string>>,
  tool: string,
  args: object = {},
): Promise<Called> {
  const [body, own] = toolCall('modern', tool, args);
  const { status, text, messages } = await post(mcpUrl, body, { ...own, ...headers });
  const result = messages.find((message) => 'result' in message)?.['result'] as
    { structuredContent?: Record<string, unknown>; isError?: boolean } | undefined;
  return { status, text, content: result?.structuredContent ?? {}, failed: result?.isError === true };
}

/** The header of an access token. */
export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
