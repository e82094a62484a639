/**
 * The public API. For a site's TypeScript: the types of a body's context, `ToolError`, `content` (spec page 08).
 * For a program that embeds a site: `openProject` and `call`, or `createServer`; every call takes the whole pipeline
 * (rules, limits, audit), as over MCP. The parts that these are made of are here too.
 */
export * from './author/api.js';
export {
  call,
  createServer,
  openProject,
  type EmbeddedCall,
  type EmbeddedServer,
  type SiteOptions,
} from './embed.js';
export { admit, type AdmitRequest } from './engine/admit.js';
export { listOperations } from './engine/listing.js';
export type { Listing } from './engine/listing-cache.js';
export type { Logger } from './engine/logger.js';
export { openRuntime, type OpenOptions } from './engine/open-runtime.js';
export type { Operation } from './engine/operation.js';
export type { Runtime } from './engine/runtime.js';
export * from './errors.js';
export type { CallRequest, RequestContext, Transport } from './model/call.js';
export type { Caller, IdentitySource, Persona } from './model/caller.js';
export type { Endpoint } from './model/endpoint.js';
export type { Outcome, PolicyDecision, PolicyReport, Released, RuleTrace } from './model/outcome.js';
export type { Project } from './model/project.js';
export type { EndpointKind } from './model/rule.js';
export { loadProject, type LoadOptions } from './project/load.js';
export { siteSecret } from './project/site-secret.js';
