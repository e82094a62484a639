import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { HttpAnswer } from '../model/call.js';
import type { EndpointTest, TestAssertions } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import {
  at,
  booleanOf,
  entriesOf,
  itemsOf,
  jsonObject,
  numberOf,
  originOf,
  stringOf,
  stringsOf,
  type Field,
} from './field.js';
import { personaProblems, toPersona } from './persona.js';
import { problemOf, problemOfKey, suggestion } from './problems.js';

/** What the tests of an endpoint may refer to. */
export interface TestContext {
  readonly parameters: readonly string[];
  readonly users: readonly string[];
  readonly ruleIds: readonly string[];
}

/** Builds the tests of an endpoint and checks what they refer to. */
export function buildTests(
  field: Field | undefined,
  context: TestContext,
  problems: Problem[],
): readonly EndpointTest[] {
  const seen = new Set<string>();
  return itemsOf(field).map((item) => {
    const name = stringOf(at(item, 'name')) ?? '';
    if (name !== '' && seen.has(name)) {
      const message = `There are two tests "${name}"`;
      problems.push(
        problemOf(at(item, 'name') ?? item, { severity: 'warning', rule: 'duplicate-name', message }),
      );
    }
    seen.add(name);
    problems.push(...checkReferences(item, context));
    return buildTest(item, name, context.parameters);
  });
}

function buildTest(field: Field, name: string, parameters: readonly string[]): EndpointTest {
  const description = stringOf(at(field, 'description'));
  const user = stringOf(at(field, 'user'));
  const stated = at(field, 'user_context');
  return {
    name,
    ...(description !== undefined && { description }),
    arguments: buildArguments(at(field, 'arguments'), parameters),
    ...(user !== undefined && { user }),
    ...(stated?.entries !== undefined && { userContext: toPersona(stated.data as JsonObject) }),
    requestHeaders: buildHeaders(at(field, 'request_headers')),
    http: itemsOf(at(field, 'http')).map(buildHttpAnswer),
    assertions: buildAssertions(field),
    origin: originOf(field),
  };
}

function buildHttpAnswer(item: Field): HttpAnswer {
  return {
    url: stringOf(at(item, 'url')) ?? '',
    method: stringOf(at(item, 'method')) ?? 'GET',
    status: numberOf(at(item, 'status')) ?? 200,
    response: item.entries?.get('response')?.data ?? null,
  };
}

type ArgumentField = readonly [name: string, place: Field, value: Json];

/** Arguments are a map, a list of `{key, value}`, or one such pair, which is a map with these keys unless a parameter is called so. */
function argumentFields(field: Field | undefined, parameters: readonly string[]): readonly ArgumentField[] {
  const isPair =
    [...(field?.entries?.keys() ?? [])].sort().join() === 'key,value' && !parameters.includes('key');
  if (field?.entries !== undefined && !isPair)
    return entriesOf(field).map(([key, child]) => [key, child, child.data]);
  return itemsOf(field).flatMap((item): readonly ArgumentField[] => {
    const key = at(item, 'key');
    const name = stringOf(key);
    return name === undefined || key === undefined
      ? []
      : [[name, key, item.entries?.get('value')?.data ?? null]];
  });
}

function buildArguments(field: Field | undefined, parameters: readonly string[]): JsonObject {
  return jsonObject(argumentFields(field, parameters).map(([name, , value]) => [name, value]));
}

function buildHeaders(field: Field | undefined): Readonly<Record<string, string>> {
  const headers = Object.create(null) as Record<string, string>;
  for (const [name, child] of entriesOf(field)) headers[name.toLowerCase()] = stringOf(child) ?? '';
  return headers;
}

function buildAssertions(field: Field): TestAssertions {
  const json = (key: string): { value: Json } | undefined => {
    const found = field.entries?.get(key);
    return found === undefined ? undefined : { value: found.data };
  };
  const result = json('result');
  const contains = json('result_contains');
  const item = json('result_contains_item');
  const all = at(field, 'result_contains_all')?.items;
  const notContains = at(field, 'result_not_contains');
  return {
    ...(result && { result: result.value }),
    ...(contains && { resultContains: contains.value }),
    ...(item && { resultContainsItem: item.value }),
    ...(all && { resultContainsAll: all.map(({ data }) => data) }),
    ...(notContains && { resultNotContains: stringsOf(notContains) }),
    ...scalarAssertions(field),
  };
}

const isDecision = (text: string | undefined): text is 'allow' | 'deny' | 'warn' =>
  text === 'allow' || text === 'deny' || text === 'warn';

function scalarAssertions(field: Field): TestAssertions {
  const length = numberOf(at(field, 'result_length'));
  const text = stringOf(at(field, 'result_contains_text'));
  const decision = stringOf(at(field, 'decision'));
  const rule = stringOf(at(field, 'rule'));
  const schemaValid = booleanOf(at(field, 'schema_valid'));
  const error = at(field, 'error');
  const code = stringOf(at(error, 'code'));
  const contains = stringOf(at(error, 'contains'));
  return {
    ...(length !== undefined && { resultLength: length }),
    ...(text !== undefined && { resultContainsText: text }),
    ...(error && {
      error: { ...(code !== undefined && { code }), ...(contains !== undefined && { contains }) },
    }),
    ...(isDecision(decision) && { decision }),
    ...(rule !== undefined && { rule }),
    ...(schemaValid !== undefined && { schemaValid }),
  };
}

function checkReferences(field: Field, context: TestContext): readonly Problem[] {
  const user = at(field, 'user');
  const rule = at(field, 'rule');
  const expectsError = at(field, 'error') !== undefined;
  return [
    ...personaProblems(at(field, 'user_context')),
    ...unknownName(user, context.users, 'unknown-user', 'persona of `users`'),
    ...unknownName(rule, context.ruleIds, 'unknown-rule', 'rule of this endpoint'),
    ...(expectsError ? [] : unknownArguments(field, context.parameters)),
    ...(user !== undefined && at(field, 'user_context') !== undefined
      ? [
          problemOfKey(user, {
            rule: 'exactly-one',
            message: 'A test has `user` or `user_context`, not both',
          }),
        ]
      : []),
  ];
}

function unknownName(
  field: Field | undefined,
  known: readonly string[],
  rule: string,
  what: string,
): readonly Problem[] {
  const name = stringOf(field);
  if (field === undefined || name === undefined || known.includes(name)) return [];
  const message = `"${name}" is no ${what}`;
  return [problemOf(field, { rule, message, remedy: suggestion(didYouMean(name, known)) ?? listing(known) })];
}

const listing = (known: readonly string[]): string =>
  known.length === 0 ? 'There are none.' : `Known: ${known.join(', ')}.`;

function unknownArguments(field: Field, parameters: readonly string[]): readonly Problem[] {
  return argumentFields(at(field, 'arguments'), parameters).flatMap(([name, place]) => {
    if (parameters.includes(name)) return [];
    const message = `The endpoint has no parameter "${name}"`;
    return [
      problemOfKey(place, {
        rule: 'unknown-argument',
        message,
        remedy: suggestion(didYouMean(name, parameters)),
      }),
    ];
  });
}
