/**
 * What the TypeScript of a site imports from `mxcp`: the types of a body's context, `ToolError` and
 * `content`. It imports nothing but types of the model, so that its declarations can be copied into a site, and
 * a worker loads nothing else of this program through it.
 */
import type { ContentBlock } from '../model/content.js';
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
declare const errorBrand: unique symbol;
/** An error whose message the caller sees, unless a rule holds it back. The message of any other error stays in the log. */
export declare class ToolError extends Error {
    readonly [errorBrand] = true;
    constructor(message: string, options?: {
        cause?: unknown;
    });
}
/** True for a `ToolError`, also of another copy of this module. */
export declare function isToolError(error: unknown): error is ToolError;
/** True for a block that `content` made, also of another copy of this module. */
export declare function isContentBlock(value: unknown): value is ContentBlock;
/** Makes the blocks of a result that is not JSON; the same as `ctx.content`. */
export declare const content: ContentFactory;
type UdfArguments<A extends readonly UdfType[]> = {
    -readonly [K in keyof A]: UdfTypes[A[K]];
};
/** A BIGINT may be given as a whole number, too. */
type UdfResult<R extends UdfType> = UdfTypes[R] | (R extends 'BIGINT' ? number : never) | null;
/**
 * Makes a method of a plugin a function in SQL, `<method>_<plugin>`: of its arguments alone, synchronous, and
 * never called with a NULL, for which the answer is NULL. Throws `TypeError` for a type that there is not.
 */
export declare function udf<const A extends readonly UdfType[], R extends UdfType>(signature: {
    readonly args: A;
    readonly returns: R;
}, work: (...args: UdfArguments<A>) => UdfResult<R>): (...args: UdfArguments<A>) => UdfResult<R>;
/** What `udf` said of a function, also of another copy of this module; undefined for any other value. */
export declare function udfSignature(value: unknown): UdfSignature | undefined;
