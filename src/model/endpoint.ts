import type { JsonObject, Json } from './json.js';
import type { EndpointKind, EndpointPolicies } from './rule.js';
import type { Origin } from '../errors.js';
import type { SourceText } from '../lib/source-text.js';
import type { Parameter, TypeNode } from './type-node.js';
import type { HttpAnswer } from './call.js';
import type { Persona } from './caller.js';

/** Bounds of one call. Sizes in bytes, times in milliseconds (spec pages 03 and 07). */
export interface Limits {
  readonly timeoutMs: number;
  readonly maxRows: number;
  readonly maxScanRows: number;
  readonly maxBytes: number;
  /** Calls of this endpoint at once; absent: only the pool bounds them. */
  readonly concurrency?: number;
  readonly onLimit: 'error' | 'truncate';
}

export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export interface SqlBody {
  readonly language: 'sql';
  readonly source: SourceText;
}

/** The body of one of the server's own SQL tools (spec page 07, "Built-in SQL tools"). */
export interface BuiltinBody {
  readonly language: 'builtin';
  readonly tool: 'execute_sql_query' | 'list_tables' | 'get_table_schema';
}

/** A module whose exported function is the body (spec page 08). */
export interface TypeScriptBody {
  readonly language: 'typescript';
  readonly source: SourceText;
  /** Absolute path of the module; of inline code, of the file that it stands in. Imports are relative to it. */
  readonly file: string;
  /** Names of the export that may be the body, best first; else the default export. */
  readonly exportNames: readonly string[];
}

/** What an endpoint runs. */
export type Body = SqlBody | TypeScriptBody | BuiltinBody;

export type PromptRole = 'system' | 'user' | 'assistant';

export interface PromptMessage {
  readonly role: PromptRole;
  readonly template: SourceText;
}

/** A test of an endpoint file or of `tests/*.yml` (spec page 10, "Test assertions"). */
export interface EndpointTest {
  readonly name: string;
  readonly description?: string;
  readonly arguments: JsonObject;
  /** Name of a persona of the site's `users`. */
  readonly user?: string;
  readonly userContext?: Persona;
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** What `ctx.fetch` gets; any other request of a body fails. */
  readonly http: readonly HttpAnswer[];
  readonly assertions: TestAssertions;
  readonly origin: Origin;
}

/** Each assertion counts exactly when its key is present (`result: null` asserts null). */
export interface TestAssertions {
  readonly result?: Json;
  readonly resultContains?: Json;
  readonly resultNotContains?: readonly string[];
  readonly resultContainsItem?: Json;
  readonly resultContainsAll?: readonly Json[];
  readonly resultLength?: number;
  readonly resultContainsText?: string;
  readonly error?: { readonly code?: string; readonly contains?: string };
  readonly decision?: 'allow' | 'deny' | 'warn';
  readonly rule?: string;
  readonly schemaValid?: boolean;
}

interface EndpointBase {
  readonly kind: EndpointKind;
  /** Unique within the kind: the name of a tool or prompt, the URI (template) of a resource. */
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly policies: EndpointPolicies;
  readonly limits: Limits;
  readonly tests: readonly EndpointTest[];
  readonly origin: Origin;
  /** SQL text built from parameters was reviewed: see `dynamic_sql` (spec page 02). */
  readonly dynamicSql: boolean;
  /** Free-form scopes that a call needs, beside those of its tags (spec page 06). */
  readonly scopes: readonly string[];
  /** Texts that a body sends beside its result reach the client although a rule can apply (spec page 04). */
  readonly unreleasedText: boolean;
}

export interface ToolEndpoint extends EndpointBase {
  readonly kind: 'tool';
  readonly annotations: ToolAnnotations;
  readonly returns?: TypeNode;
  readonly body: Body;
}

export interface ResourceEndpoint extends EndpointBase {
  readonly kind: 'resource';
  /** RFC 6570 level 1 template, or a static URI; equals `name`. */
  readonly uri: string;
  readonly displayName?: string;
  readonly mimeType?: string;
  readonly annotations: ToolAnnotations;
  readonly returns?: TypeNode;
  readonly body: SqlBody | TypeScriptBody;
}

export interface PromptEndpoint extends EndpointBase {
  readonly kind: 'prompt';
  readonly messages: readonly PromptMessage[];
  /** A body that returns the messages, instead of templates. */
  readonly body?: TypeScriptBody;
}

/** One declared tool, resource or prompt. */
export type Endpoint = ToolEndpoint | ResourceEndpoint | PromptEndpoint;
