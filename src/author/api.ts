/**
 * What the TypeScript of a site imports from `mxcp`: the types of a body's context, `ToolError` and
 * `content`. It imports nothing but types of the model, so that its declarations can be copied into a site, and
 * a worker loads nothing else of this program through it.
 */
import type { ContentBlock, EmbeddedResource } from '../model/content.js';
import type { ContentFactory, ToolContext } from '../model/tool-context.js';
import type { UdfSignature, UdfType, UdfTypes } from '../model/udf.js';

export type { ContentBlock, EmbeddedResource } from '../model/content.js';
export type { Json, JsonObject } from '../model/json.js';
export type * from '../model/tool-context.js';
export type { UdfSignature, UdfType, UdfTypes } from '../model/udf.js';

/** A body: the export that is named like its endpoint, or the default export. */
export type ToolBody<Args, Result> = (args: Args, ctx: ToolContext) => Result | Promise<Result>;

/** A message of a prompt. */
export interface PromptMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string | ContentBlock;
}

/** What the body of a prompt returns; a text alone is one message of the user. */
export type PromptResult = string | readonly PromptMessage[];

const errorBrand = Symbol.for('mxcp.ToolError');

/** An error whose message the caller sees, unless a rule holds it back. The message of any other error stays in the log. */
export class ToolError extends Error {
  readonly [errorBrand] = true;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ToolError';
  }
}

/** True for a `ToolError`, also of another copy of this module. */
export function isToolError(error: unknown): error is ToolError {
  return error instanceof Error && errorBrand in error;
}

const contentBrand = Symbol.for('mxcp.content');

/** True for a block that `content` made, also of another copy of this module. */
export function isContentBlock(value: unknown): value is ContentBlock {
  return typeof value === 'object' && value !== null && contentBrand in value;
}

/** The brand is not enumerable: a block serialises as the protocol has it. */
function block(fields: ContentBlock): ContentBlock {
  return Object.freeze(Object.defineProperty(fields, contentBrand, { value: true }));
}

function base64(data: Uint8Array | string): string {
  if (typeof data === 'string') return data;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}

type ResourceData = Parameters<ContentFactory['resource']>[0];

function embedded({ uri, mimeType, text, blob }: ResourceData): EmbeddedResource {
  if ((text === undefined) === (blob === undefined)) {
    throw new TypeError('content.resource needs either `text` or `blob`');
  }
  const head = { uri, ...(mimeType !== undefined && { mimeType }) };
  return blob === undefined ? { ...head, text: text ?? '' } : { ...head, blob: base64(blob) };
}

/** Makes the blocks of a result that is not JSON; the same as `ctx.content`. */
export const content: ContentFactory = Object.freeze<ContentFactory>({
  text: (text) => block({ type: 'text', text }),
  image: (data, mimeType) => block({ type: 'image', data: base64(data), mimeType }),
  audio: (data, mimeType) => block({ type: 'audio', data: base64(data), mimeType }),
  resourceLink: (link) => block({ type: 'resource_link', ...link }),
  resource: (resource) => block({ type: 'resource', resource: embedded(resource) }),
});

const udfBrand = Symbol.for('mxcp.udf');

const udfTypes: ReadonlySet<unknown> = new Set<UdfType>([
  'VARCHAR',
  'BIGINT',
  'INTEGER',
  'DOUBLE',
  'BOOLEAN',
]);

type UdfArguments<A extends readonly UdfType[]> = { -readonly [K in keyof A]: UdfTypes[A[K]] };
/** A BIGINT may be given as a whole number, too. */
type UdfResult<R extends UdfType> = UdfTypes[R] | (R extends 'BIGINT' ? number : never) | null;

/**
 * Makes a method of a plugin a function in SQL, `<method>_<plugin>`: of its arguments alone, synchronous, and
 * never called with a NULL, for which the answer is NULL. Throws `TypeError` for a type that there is not.
 */
export function udf<const A extends readonly UdfType[], R extends UdfType>(
  signature: { readonly args: A; readonly returns: R },
  work: (...args: UdfArguments<A>) => UdfResult<R>,
): (...args: UdfArguments<A>) => UdfResult<R> {
  const { args, returns } = signature;
  if (!Array.isArray(args) || ![...args, returns].every((type) => udfTypes.has(type)))
    throw new TypeError(`udf: the types are ${[...udfTypes].join(', ')}`);
  const marked = (...values: UdfArguments<A>): UdfResult<R> => work(...values);
  return Object.defineProperty(marked, udfBrand, { value: Object.freeze({ args: [...args], returns }) });
}

/** What `udf` said of a function, also of another copy of this module; undefined for any other value. */
export function udfSignature(value: unknown): UdfSignature | undefined {
  if (typeof value !== 'function' || !(udfBrand in value)) return undefined;
  return value[udfBrand] as UdfSignature;
}
