import type { Server, ServerCapabilities } from '@modelcontextprotocol/server';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/server/validators/ajv';
import type { Operation } from '../../engine/operation.js';
import type { Runtime } from '../../engine/runtime.js';
import { CheckedServer } from './checked-server.js';
import { serveCompletion } from './serve-completion.js';
import { servePrompts } from './serve-prompts.js';
import { serveResources } from './serve-resources.js';
import { serveTools } from './serve-tools.js';
import type { Session } from './session.js';

/** Shared, because the SDK would otherwise build a JSON Schema compiler for each request. */
const jsonSchemaValidator = new AjvJsonSchemaValidator();

/** True for an endpoint whose body can send log messages. */
function speaks({ endpoint }: Operation): boolean {
  return endpoint.body?.language === 'typescript';
}

/**
 * What this site can do. A capability without endpoints behind it is not claimed, but for tools: a call of an unknown one is
 * answered, and on record, on every site.
 */
function capabilitiesOf({ registry }: Runtime): ServerCapabilities {
  const resources = registry.list('resource').length > 0;
  const prompts = registry.list('prompt').length > 0;
  const bodies =
    registry.list('tool').some(speaks) ||
    registry.list('prompt').some(speaks) ||
    registry.list('resource').some(speaks);
  return {
    tools: {},
    ...(resources && { resources: {} }),
    ...(prompts && { prompts: {} }),
    ...((resources || prompts) && { completions: {} }),
    ...(bodies && { logging: {} }),
  };
}

/**
 * A protocol server for one session. HTTP makes one per request, because nothing is kept between requests; it costs the
 * same with 10 and with 10,000 endpoints, for nothing is registered by endpoint (spec page 09).
 */
export function createServer(session: Session): Server {
  const runtime = session.runtime();
  const { name, version, instructions } = runtime.project.server;
  const capabilities = capabilitiesOf(runtime);
  const server = new CheckedServer(
    session,
    { name, version },
    { capabilities, jsonSchemaValidator, ...(instructions !== undefined && { instructions }) },
  );
  serveTools(server, session);
  if (capabilities.resources) serveResources(server, session);
  if (capabilities.prompts) servePrompts(server, session);
  if (capabilities.completions) serveCompletion(server, session);
  return server;
}
