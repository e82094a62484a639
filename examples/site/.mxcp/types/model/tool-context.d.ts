import type { ContentBlock } from './content.js';
import type { Json, JsonObject } from './json.js';
/** A row of a query: JSON already. */
export type Row = JsonObject;
/** Values of the `$names` of a statement, or in order of `?` and `$1`. */
export type SqlParameters = Readonly<Record<string, unknown>> | readonly unknown[];
/**
 * The site's database, on one connection for the whole call. Unless the endpoint says `readOnlyHint: true`, the first
 * statement opens the call's transaction, which commits when the call succeeds and rolls back when it fails or is denied.
 */
export interface ToolDatabase {
    readonly query: <T = Row>(sql: string, params?: SqlParameters) => Promise<T[]>;
    /** The first row; null when there is none. */
    readonly queryOne: <T = Row>(sql: string, params?: SqlParameters) => Promise<T | null>;
    /** Runs statements for their effect. */
    readonly execute: (sql: string, params?: SqlParameters) => Promise<void>;
}
/** Who is calling: the `user` that rules see. */
export interface ToolUser {
    readonly key: string | null;
    readonly user_id: string | null;
    readonly id: string | null;
    readonly username: string | null;
    readonly email: string | null;
    readonly name: string | null;
    readonly provider: string | null;
    readonly role: string;
    readonly roles: readonly string[];
    readonly permissions: readonly string[];
    readonly groups: readonly string[];
    readonly capabilities: readonly string[];
    readonly scopes: readonly string[] | 'all';
    readonly claims: JsonObject;
    /**
     * The caller's own token at the identity provider, asked for when this is called; null where there is none: the provider
     * does not say `expose_token: true`, or the caller did not sign in there. Texts that the body sends beside its result
     * cannot hold it.
     */
    readonly externalToken: () => Promise<string | null>;
}
/** The request around the call. Headers that carry a credential are absent. */
export interface ToolRequest {
    readonly id: string;
    readonly call_id: string;
    readonly transport: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly ip: string | null;
    readonly client: {
        readonly name: string;
        readonly version: string;
    } | null;
}
/** Makes the blocks of a result that is no JSON value: a chart, a recording, a file. */
export interface ContentFactory {
    readonly text: (text: string) => ContentBlock;
    /** `data`: bytes, or their base64 text. */
    readonly image: (data: Uint8Array | string, mimeType: string) => ContentBlock;
    readonly audio: (data: Uint8Array | string, mimeType: string) => ContentBlock;
    readonly resourceLink: (link: {
        readonly uri: string;
        readonly name: string;
        readonly title?: string;
        readonly description?: string;
        readonly mimeType?: string;
    }) => ContentBlock;
    readonly resource: (resource: {
        readonly uri: string;
        readonly mimeType?: string;
        readonly text?: string;
        readonly blob?: Uint8Array | string;
    }) => ContentBlock;
}
/** The plugins of the site by name. `mxcp types` adds the type of each. */
export interface Plugins {
    readonly [name: string]: unknown;
}
/** Sends a line to the server's log, and to the client when it asked for this level and may see it. */
export type LogFunction = (message: string, data?: unknown) => void;
/** What the human answered to `elicit`. `content` is there when he accepted. */
export interface ElicitAnswer {
    readonly action: 'accept' | 'decline' | 'cancel';
    readonly content?: JsonObject;
}
/** What happened in the business, for the audit record. */
export interface BusinessEvent {
    readonly target?: string;
    readonly operation?: string;
    readonly [key: string]: unknown;
}
/** What `create` of a plugin and hooks may use: `log` writes to the server's log only. */
export type SiteContext = Pick<ToolContext, 'config' | 'secrets' | 'plugins' | 'log'>;
/** Everything that a body may use, for the time of one call. All values are copies. */
export interface ToolContext {
    readonly db: ToolDatabase;
    readonly user: ToolUser;
    readonly request: ToolRequest;
    readonly config: {
        /** A setting of the site by its path (`duckdb.path`); undefined when there is none. Secrets are replaced. */
        readonly get: (path: string) => Json | undefined;
    };
    readonly secrets: {
        /** The parameters of a secret that the site declares. Rejects for any other name. */
        readonly get: (name: string) => Promise<JsonObject>;
    };
    readonly plugins: Plugins;
    readonly log: {
        readonly debug: LogFunction;
        readonly info: LogFunction;
        readonly warn: LogFunction;
        readonly error: LogFunction;
    };
    /** Tells the client how far the call is. `total` and `message` may be absent. */
    readonly progress: (done: number, total?: number, message?: string) => void;
    /** Aborts when the call passes its deadline, or is cancelled. */
    readonly signal: AbortSignal;
    /** `fetch` with the call's signal and trace; the record of the call says where it went. */
    readonly fetch: typeof fetch;
    /** Asks the human behind the client. `key` names the question within the call. */
    readonly elicit: (key: string, schema: JsonObject, message: string) => Promise<ElicitAnswer>;
    readonly content: ContentFactory;
    readonly audit: {
        readonly event: (event: BusinessEvent) => void;
    };
    readonly endpoints: {
        /** Calls another tool as the same caller, under its own rules, in this call's transaction. */
        readonly call: (name: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;
    };
}
