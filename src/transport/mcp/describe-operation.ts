import type { Prompt, Resource, ResourceTemplateType, Tool } from '@modelcontextprotocol/server';
import type { Operation } from '../../engine/operation.js';
import type { Endpoint, PromptEndpoint, ResourceEndpoint, ToolEndpoint } from '../../model/endpoint.js';
import type { JsonObject } from '../../model/json.js';
import type { Parameter } from '../../model/type-node.js';

function titleAndDescription({ title, description }: Endpoint): { title?: string; description?: string } {
  return { ...(title !== undefined && { title }), ...(description !== undefined && { description }) };
}

function toolSchema(schema: JsonObject): Tool['inputSchema'] {
  return { ...schema, type: 'object' };
}

/** An entry of `tools/list`. The schemas are the ones that are enforced. */
export function describeTool(operation: Operation, endpoint: ToolEndpoint): Tool {
  const outputSchema = operation.outputSchema();
  const annotated = Object.keys(endpoint.annotations).length > 0;
  return {
    name: endpoint.name,
    ...titleAndDescription(endpoint),
    inputSchema: toolSchema(operation.inputSchema()),
    ...(outputSchema !== undefined && { outputSchema: { ...outputSchema } }),
    ...(annotated && { annotations: { ...endpoint.annotations } }),
  };
}

/** True for a resource whose URI has placeholders. */
export function isTemplate(endpoint: ResourceEndpoint): boolean {
  return endpoint.uri.includes('{');
}

function resourceFields(endpoint: ResourceEndpoint): { name: string; title?: string; mimeType?: string } {
  return {
    name: endpoint.displayName ?? endpoint.uri,
    ...titleAndDescription(endpoint),
    ...(endpoint.mimeType !== undefined && { mimeType: endpoint.mimeType }),
  };
}

/** An entry of `resources/list`. */
export function describeResource(endpoint: ResourceEndpoint): Resource {
  return { uri: endpoint.uri, ...resourceFields(endpoint) };
}

/** An entry of `resources/templates/list`. */
export function describeTemplate(endpoint: ResourceEndpoint): ResourceTemplateType {
  return { uriTemplate: endpoint.uri, ...resourceFields(endpoint) };
}

function describeArgument({ name, node }: Parameter): NonNullable<Prompt['arguments']>[number] {
  return {
    name,
    ...(node.description !== undefined && { description: node.description }),
    required: node.default === undefined,
  };
}

/** An entry of `prompts/list`. */
export function describePrompt(endpoint: PromptEndpoint): Prompt {
  return {
    name: endpoint.name,
    ...titleAndDescription(endpoint),
    ...(endpoint.parameters.length > 0 && { arguments: endpoint.parameters.map(describeArgument) }),
  };
}
