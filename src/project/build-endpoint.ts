import type { Problem } from '../errors.js';
import { tagOfScope, wrongScope } from '../lib/scope-syntax.js';
import type { Endpoint, PromptMessage, PromptRole, ToolAnnotations } from '../model/endpoint.js';
import type { EndpointKind } from '../model/rule.js';
import { buildBody } from './body.js';
import type { EndpointContext } from './endpoint-context.js';
import { buildTests } from './endpoint-tests.js';
import {
  at,
  booleanOf,
  itemsOf,
  keyOrigin,
  namedWordsOf,
  stringOf,
  stringsOf,
  wordsOf,
  type Field,
} from './field.js';
import { mergeLimits } from './limits.js';
import { problemOf, problemOfKey } from './problems.js';
import { buildPolicies } from './rules.js';
import { sourceTextOf } from './scalar-text.js';
import { buildParameters, buildTypeNode } from './type-node.js';
import { checkUriTemplate } from './uri-template.js';

/**
 * Builds the endpoint of a file whose schema was checked, and adds what a schema cannot see to `problems`. Gives a best effort
 * where there are problems, so that all of them are found; undefined when there is nothing that could run.
 */
export async function buildEndpoint(
  file: Field,
  kind: EndpointKind,
  object: Field,
  context: EndpointContext,
  problems: Problem[],
): Promise<Endpoint | undefined> {
  const common = buildCommon(file, kind, object, context, problems);
  if (kind === 'prompt') return buildPrompt(object, common, context, problems);
  const returned = at(object, 'return');
  const returns = returned === undefined ? undefined : buildTypeNode(returned, problems);
  const displayName = kind === 'resource' ? stringOf(at(object, 'name')) : undefined;
  const exportName = kind === 'tool' ? common.name : displayName;
  const body = await buildBody(context.root, object, exportName, problems);
  if (body === undefined) return undefined;
  const running = {
    ...common,
    annotations: buildAnnotations(object),
    ...(returns !== undefined && { returns }),
    body,
  };
  if (kind === 'tool') return { ...running, kind };
  const uriField = at(object, 'uri');
  if (uriField !== undefined) problems.push(...checkUriTemplate(uriField, common.name, common.parameters));
  const mimeType = stringOf(at(object, 'mime_type'));
  return {
    ...running,
    kind,
    uri: common.name,
    ...(displayName !== undefined && { displayName }),
    ...(mimeType !== undefined && { mimeType }),
  };
}

/** A prompt has messages, or a TypeScript body that returns them. */
async function buildPrompt(
  object: Field,
  common: Common,
  { root }: EndpointContext,
  problems: Problem[],
): Promise<Endpoint | undefined> {
  const prompt = { ...common, kind: 'prompt' as const, messages: buildMessages(at(object, 'messages')) };
  const source = at(object, 'source');
  if (source === undefined) return prompt;
  const body = await buildBody(root, object, common.name, problems);
  if (body?.language === 'typescript') return { ...prompt, body };
  if (body !== undefined) {
    const message = 'The body of a prompt is TypeScript, and this one is SQL';
    problems.push(
      problemOfKey(source, { rule: 'wrong-language', message, remedy: 'Use `messages`, or TypeScript.' }),
    );
  }
  return undefined;
}

type Common = Pick<
  Endpoint,
  | 'name'
  | 'title'
  | 'description'
  | 'tags'
  | 'parameters'
  | 'policies'
  | 'limits'
  | 'tests'
  | 'origin'
  | 'dynamicSql'
  | 'scopes'
  | 'unreleasedText'
>;

function buildCommon(
  file: Field,
  kind: EndpointKind,
  object: Field,
  context: EndpointContext,
  problems: Problem[],
): Common {
  const name = stringOf(at(object, kind === 'resource' ? 'uri' : 'name')) ?? '';
  const tags = stringsOf(at(object, 'tags'));
  const title = stringOf(at(object, 'annotations', 'title'));
  const description = stringOf(at(object, 'description'));
  const parameters = buildParameters(at(object, 'parameters'), problems);
  const own = policiesField(file, object, problems);
  const policies = buildPolicies(own, { kind, name, tags }, context.rules, problems);
  if (context.requireInputPolicy && !policies.input.some(({ mode }) => mode === 'enforce'))
    problems.push(uncovered(object));
  const testContext = {
    parameters: parameters.map((parameter) => parameter.name),
    users: context.users,
    ruleIds: [...policies.input, ...policies.output].map(({ id }) => id),
  };
  return {
    name,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    tags,
    parameters,
    policies,
    limits: mergeLimits(context.limits, at(object, 'limits')),
    tests: buildTests(at(object, 'tests'), testContext, problems),
    origin: keyOrigin(object),
    dynamicSql: booleanOf(at(object, 'dynamic_sql')) ?? false,
    scopes: buildScopes(at(object, 'scopes'), problems),
    unreleasedText: stringOf(at(object, 'unreleased_text')) === 'allow',
  };
}

/** Free-form scopes. What a tag asks for is said by the tag. */
function buildScopes(field: Field | undefined, problems: Problem[]): readonly string[] {
  for (const { word, field: item } of namedWordsOf(field)) {
    const isTag = tagOfScope(word) !== undefined;
    const why = isTag ? 'is that of a tag' : wrongScope(word);
    if (why === undefined) continue;
    const remedy = isTag
      ? 'Give the endpoint the tag, and list it in `authorization.scoped_tags`.'
      : undefined;
    problems.push(problemOf(item, { rule: 'wrong-scope', message: `This scope ${why}`, remedy }));
  }
  return wordsOf(field);
}

/** Rules stand inside the endpoint or, as the Python program's security page shows it, beside it. */
function policiesField(file: Field, object: Field, problems: Problem[]): Field | undefined {
  const inside = at(object, 'policies');
  const beside = at(file, 'policies');
  if (inside !== undefined && beside !== undefined) {
    const message = 'There are `policies` both inside the endpoint and beside it';
    problems.push(
      problemOfKey(beside, {
        rule: 'policies-twice',
        message,
        remedy: 'Move all rules inside the endpoint.',
      }),
    );
  }
  return inside ?? beside;
}

function uncovered(object: Field): Problem {
  return problemOfKey(object, {
    rule: 'input-policy-required',
    message: 'No input rule covers this endpoint, and the site demands one (`policies.require_input_policy`)',
    remedy: 'Add an input rule here, or one in the site file whose `match` includes this endpoint.',
  });
}

const hintKeys = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

function buildAnnotations(object: Field): ToolAnnotations {
  const annotations = at(object, 'annotations');
  const title = stringOf(at(annotations, 'title'));
  const hints = hintKeys.flatMap((key) => {
    const value = booleanOf(at(annotations, key));
    return value === undefined ? [] : [[key, value] as const];
  });
  return { ...(title !== undefined && { title }), ...Object.fromEntries(hints) };
}

const isRole = (text: string | undefined): text is PromptRole =>
  text === 'system' || text === 'user' || text === 'assistant';

function buildMessages(field: Field | undefined): readonly PromptMessage[] {
  return itemsOf(field).flatMap((item) => {
    const prompt = at(item, 'prompt');
    const role = stringOf(at(item, 'role'));
    if (prompt === undefined || stringOf(prompt) === undefined) return [];
    return [{ role: isRole(role) ? role : 'user', template: sourceTextOf(prompt) }];
  });
}
