import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Origin } from '../../src/errors.js';
import type { SourceText } from '../../src/lib/source-text.js';
import type { Caller } from '../../src/model/caller.js';
import type { RequestContext } from '../../src/model/call.js';
import type { Endpoint } from '../../src/model/endpoint.js';
import type { Json, JsonObject } from '../../src/model/json.js';
import type { InputRule, OutputRule } from '../../src/model/rule.js';
import type { Mask, Parameter, TypeNode } from '../../src/model/type-node.js';
import type { PolicyContext } from '../../src/policy/policy-context.js';
import type { Subject } from '../../src/policy/subject.js';

/** A place for things that tests make up. */
export const origin: Origin = { file: 'case.yml', line: 1, column: 1 };

/** Reads a case file of this folder. */
export function readCases(name: string): unknown {
  return parse(readFileSync(new URL(`cases/${name}.yml`, import.meta.url), 'utf8'));
}

/** A condition as if it began at the first line and column of its file. */
export function source(text: string): SourceText {
  return { text, origin, indent: 0 };
}

/** A type node as authors write it. */
export interface NodeText extends Omit<TypeNode, 'origin' | 'items' | 'properties' | 'mask'> {
  readonly items?: NodeText;
  readonly properties?: Readonly<Record<string, NodeText>>;
  readonly mask?: Mask['kind'] | { readonly constant: Json };
}

function maskOf(mask: NonNullable<NodeText['mask']> | null): Mask {
  if (mask === null) return { kind: 'null' };
  if (typeof mask === 'object') return { kind: 'constant', value: mask.constant };
  return { kind: mask } as Mask;
}

/** The type node of an author's text. */
export function typeNode({ items, properties, mask, ...rest }: NodeText): TypeNode {
  return {
    ...rest,
    origin,
    ...(mask === undefined ? {} : { mask: maskOf(mask) }),
    ...(items ? { items: typeNode(items) } : {}),
    ...(properties
      ? { properties: Object.entries(properties).map(([name, node]) => ({ name, node: typeNode(node) })) }
      : {}),
  };
}

/** A rule as authors write it. */
interface RuleText {
  readonly id?: string;
  readonly condition?: string;
  readonly action?: OutputRule['action'];
  readonly reason?: string;
  readonly mode?: 'shadow';
  readonly site?: boolean;
  readonly fields?: readonly string[];
  readonly where?: string;
  readonly mask?: NodeText['mask'] | null;
}

function ruleBase(rule: RuleText, fallback: string): Omit<InputRule, 'action' | 'condition'> {
  const { id = fallback, reason, mode = 'enforce', site = false } = rule;
  return {
    id,
    mode,
    site,
    origin,
    hash: `hash-of-${id}`,
    ...(reason === undefined ? {} : { reason }),
  };
}

function inputRule(rule: RuleText, index: number): InputRule {
  return { ...ruleBase(rule, `input[${index}]`), condition: source(rule.condition ?? ''), action: 'deny' };
}

function outputRule(rule: RuleText, index: number): OutputRule {
  const { action = 'deny', condition, fields, where, mask } = rule;
  return {
    ...ruleBase(rule, `output[${index}]`),
    action,
    ...(condition === undefined ? {} : { condition: source(condition) }),
    ...(fields ? { fields: fields.map((path) => ({ path, origin })) } : {}),
    ...(where === undefined ? {} : { where: source(where) }),
    ...(mask === undefined ? {} : { mask: maskOf(mask) }),
  } as OutputRule;
}

/** An endpoint as case files describe it. */
export interface EndpointText {
  readonly kind?: 'tool' | 'prompt';
  readonly parameters?: Readonly<Record<string, NodeText>>;
  readonly returns?: NodeText;
  readonly input?: readonly RuleText[];
  readonly output?: readonly RuleText[];
  readonly tags?: readonly string[];
  readonly onLimit?: 'error' | 'truncate';
}

function parametersOf(text: EndpointText): Parameter[] {
  return Object.entries(text.parameters ?? {}).map(([name, node]) => ({
    name,
    node: typeNode(node),
    header: false,
  }));
}

/** The endpoint of a case file, called `report`. */
export function endpoint(text: EndpointText): Endpoint {
  const base = {
    name: 'report',
    tags: text.tags ?? [],
    parameters: parametersOf(text),
    policies: { input: (text.input ?? []).map(inputRule), output: (text.output ?? []).map(outputRule) },
    limits: { timeoutMs: 1, maxRows: 1, maxScanRows: 1, maxBytes: 1, onLimit: text.onLimit ?? 'error' },
    tests: [],
    origin,
    dynamicSql: false,
    scopes: [],
    unreleasedText: false,
  };
  if (text.kind === 'prompt') return { ...base, kind: 'prompt', messages: [] };
  const returns = text.returns ? { returns: typeNode(text.returns) } : {};
  return {
    ...base,
    kind: 'tool',
    annotations: {},
    body: { language: 'sql', source: source('') },
    ...returns,
  };
}

/** A context without catalogue, strictness or columns. */
export function context(change: Partial<PolicyContext> = {}): PolicyContext {
  const settings = {
    requireInputPolicy: false,
    strictFields: false,
    hideDenied: true,
    hashScope: 'field',
  } as const;
  return { settings, catalogue: undefined, severalProviders: false, hashKey: 'test key', ...change };
}

/** Fields of `user`, by the names that conditions use. */
export type UserText = Readonly<Record<string, Json>>;

const anonymous: Caller = {
  source: 'anonymous',
  key: null,
  userId: null,
  username: null,
  email: null,
  name: null,
  provider: null,
  role: 'anonymous',
  roles: [],
  permissions: [],
  groups: [],
  capabilities: [],
  scopes: [],
  claims: {},
  osUser: null,
  clientId: null,
};

/** A caller; without fields the anonymous one. */
export function caller(user: UserText = {}): Caller {
  const { user_id, ...rest } = user;
  if (Object.keys(user).length === 0) return anonymous;
  return {
    ...anonymous,
    source: 'asserted',
    role: 'user',
    ...rest,
    ...(user_id === undefined ? {} : { userId: user_id as string }),
  };
}

const request: RequestContext = {
  transport: 'http',
  id: 'request-1',
  time: Date.UTC(2026, 0, 15, 22, 30) * 1000,
  headers: { 'x-team': 'blue' },
  ip: '192.0.2.7',
};

/** What rules are asked about. */
export function subject(user?: UserText, change: Partial<RequestContext> = {}): Subject {
  return {
    caller: caller(user),
    request: { ...request, ...change },
    endpoint: { kind: 'tool', name: 'report', tags: ['hr'] },
  };
}

/** Canonical arguments: an object without prototype. */
export function argumentsOf(values: Readonly<Record<string, Json>> = {}): JsonObject {
  return Object.assign(Object.create(null) as Record<string, Json>, values);
}
