import type { Json, JsonObject } from '../model/json.js';
import type { AuditSettings, RedactionStrategy } from '../model/settings.js';
import type { TypeNode } from '../model/type-node.js';
import { canonicalJson } from '../lib/canonical-json.js';
import type { Truncated } from './entry.js';
import type { KeyedHash } from './keyed-hash.js';
import { isCardNumber } from './card-numbers.js';
import { redactPatterns } from './patterns.js';
import { redacted } from './redacted.js';
import { hideSecretPairs } from './secret-pairs.js';
import { applyStrategy } from './strategy.js';

const maxDepth = 64;
const maxNameBytes = 256;

/** Redaction, ready for one site (spec page 05, "Redaction"): always on a copy, always total. */
export interface Redactor {
  /** A copy with sorted keys that holds nothing sensitive, at most `audit.max_record_bytes` large. */
  value(value: unknown, node?: TypeNode): Json;
  /** The same for named values, each with its own declared type. */
  named(values: Readonly<Record<string, unknown>>, nodes: ReadonlyMap<string, TypeNode>): JsonObject;
  /** A text without anything that looks like a secret, cut at `audit.max_value_bytes`. */
  text(text: string): string;
  /** A name that a stranger may have chosen: the same, cut at 256 bytes. */
  name(text: string): string;
  /** Whether values under this key are hidden, in whole or in part, for its name. */
  isSecretKey(key: string): boolean;
}

interface Context {
  readonly settings: AuditSettings;
  readonly hash: KeyedHash | undefined;
  readonly secretKey: (key: string) => boolean;
  readonly strategies: ReadonlyMap<string, RedactionStrategy>;
}

/** What is left of the bytes that a copy may take: a huge or endless value stops the copy, not the program. */
interface Budget {
  left: number;
}

class BudgetSpent extends Error {}

/** Cuts a text at a number of bytes, on a character's border, and makes it well-formed. */
export function cutText(text: string, bytes: number): string {
  const whole = text.length > bytes ? text.slice(0, bytes) : text;
  const formed = whole.toWellFormed();
  if (formed.length * 3 <= bytes) return formed;
  const encoded = Buffer.from(formed);
  if (encoded.length <= bytes) return formed;
  let end = bytes;
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.toString('utf8', 0, end);
}

function truncated(text: string, hash: KeyedHash | undefined): JsonObject & Truncated {
  return {
    truncated: true,
    bytes: Buffer.byteLength(text),
    ...(hash === undefined ? {} : { hash: hash(text) }),
  };
}

/** Size and hash of a value that is too large to copy; neither of one that has no JSON form, as a cyclic one. */
function truncatedValue(value: unknown, hash: KeyedHash | undefined): JsonObject {
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? { truncated: true } : truncated(text, hash);
  } catch {
    return { truncated: true };
  }
}

function spend(budget: Budget, bytes: number): void {
  budget.left -= bytes;
  if (budget.left < 0) throw new BudgetSpent();
}

function cleanText({ secretKey }: Context, text: string): string {
  return hideSecretPairs(redactPatterns(text), secretKey);
}

function redactJsonText(context: Context, text: string, budget: Budget, depth: number): string | undefined {
  const first = text.trimStart().charAt(0);
  if (first !== '{' && first !== '[' && first !== '"') return undefined;
  try {
    const parsed = JSON.parse(text) as Json;
    const copied = canonicalJson(copy(context, parsed, undefined, budget, depth + 1));
    return copied === canonicalJson(parsed) ? undefined : copied;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function copyString(context: Context, text: string, budget: Budget, depth: number): Json {
  const { settings, hash } = context;
  if (text.length > settings.maxValueBytes || Buffer.byteLength(text) > settings.maxValueBytes) {
    spend(budget, 64);
    return truncated(text, hash);
  }
  spend(budget, text.length + 3);
  const inner = text.length > 2 ? redactJsonText(context, text, budget, depth) : undefined;
  return inner ?? cleanText(context, text).toWellFormed();
}

function copyNumber(value: number): Json {
  if (!Number.isFinite(value)) return null;
  return isCardNumber(value) ? redacted : value;
}

/** A value under a key that hides it: strings, also those in lists. Everything else keeps its own rules. */
function copySecret(
  context: Context,
  value: unknown,
  node: TypeNode | undefined,
  budget: Budget,
  depth: number,
): Json {
  if (typeof value === 'string') return redacted;
  if (!Array.isArray(value)) return copy(context, value, node, budget, depth);
  return value.map((item: unknown) => copySecret(context, item, node?.items, budget, depth + 1));
}

/**
 * A value under a key that `audit.redact_fields` names: texts and numbers, also those in lists, by their strategy. What a
 * strategy has no form for is hidden as a whole.
 */
function copyNamed(
  context: Context,
  strategy: RedactionStrategy,
  value: unknown,
  node: TypeNode | undefined,
  budget: Budget,
): Json {
  spend(budget, 8);
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return applyStrategy(strategy, String(value), context.hash).toWellFormed();
  if (!Array.isArray(value) || node?.sensitive === true || node?.items?.sensitive === true) return redacted;
  return value.map((item: unknown) =>
    Array.isArray(item) ? redacted : copyNamed(context, strategy, item, node?.items, budget),
  );
}

function copyMember(
  context: Context,
  key: string,
  value: unknown,
  node: TypeNode | undefined,
  budget: Budget,
  depth: number,
): Json {
  const strategy = context.strategies.get(key.toLowerCase());
  if (strategy !== undefined) return copyNamed(context, strategy, value, node, budget);
  if (context.secretKey(key)) return copySecret(context, value, node, budget, depth);
  return copy(context, value, node, budget, depth);
}

function copyObject(
  context: Context,
  value: object,
  node: TypeNode | undefined,
  budget: Budget,
  depth: number,
): Json {
  const result = emptyObject();
  const nodes = propertyNodes(node);
  for (const key of Object.keys(value).sort()) {
    const declared = propertyNode(nodes, key);
    const name = declared === undefined ? cutText(cleanText(context, key), maxNameBytes) : key;
    spend(budget, name.length + 4);
    const member: unknown = (value as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) result[name] = copyMember(context, key, member, declared, budget, depth + 1);
  }
  return result;
}

function copy(
  context: Context,
  value: unknown,
  node: TypeNode | undefined,
  budget: Budget,
  depth: number,
): Json {
  if (node?.sensitive === true && value !== null && value !== undefined) return redacted;
  spend(budget, 8);
  switch (typeof value) {
    case 'string':
      return copyString(context, value, budget, depth);
    case 'number':
      return copyNumber(value);
    case 'boolean':
      return value;
    case 'bigint':
      return copyString(context, value.toString(), budget, depth);
    case 'object':
      if (value === null) return null;
      if (depth >= maxDepth) return { truncated: true };
      if (Array.isArray(value)) {
        return value.map((item: unknown) => copy(context, item, node?.items, budget, depth + 1));
      }
      return copyObject(context, value, node, budget, depth);
    default:
      return null;
  }
}

function emptyObject(): Record<string, Json> {
  return Object.create(null) as Record<string, Json>;
}

const propertyCache = new WeakMap<TypeNode, ReadonlyMap<string, TypeNode>>();

function propertyNodes(node: TypeNode | undefined): ReadonlyMap<string, TypeNode> | undefined {
  if (node?.properties === undefined) return undefined;
  const known = propertyCache.get(node);
  if (known !== undefined) return known;
  const folded = node.properties.map(({ name, node: child }) => [name.toLowerCase(), child] as const);
  const exact = node.properties.map(({ name, node: child }) => [name, child] as const);
  const nodes = new Map([...folded, ...exact]);
  propertyCache.set(node, nodes);
  return nodes;
}

/** The declared type of a member. SQL folds case, and so do the rules that act on its results. */
function propertyNode(nodes: ReadonlyMap<string, TypeNode> | undefined, key: string): TypeNode | undefined {
  return nodes?.get(key) ?? nodes?.get(key.toLowerCase());
}

function secretKeyTest(parts: readonly string[]): (key: string) => boolean {
  const wanted = parts.map((part) => bare(part));
  const known = new Map<string, boolean>();
  return (key) => {
    let secret = known.get(key);
    if (secret === undefined) {
      const name = bare(key);
      secret = wanted.some((part) => name.includes(part));
      if (known.size >= 1000) known.clear();
      if (key.length <= maxNameBytes) known.set(key, secret);
    }
    return secret;
  };
}

/** `apiKey`, `API-Key` and `api_key` are one name. */
function bare(key: string): string {
  return key.toLowerCase().replaceAll(/[-_.\s]/g, '');
}

/** The redactor of a site. Without a keyed hash, values that would be hashed are hidden. */
export function createRedactor(settings: AuditSettings, hash: KeyedHash | undefined): Redactor {
  const strategies = new Map(
    Object.entries(settings.redactFields).map(([key, strategy]) => [key.toLowerCase(), strategy]),
  );
  const context: Context = { settings, hash, secretKey: secretKeyTest(settings.redactKeys), strategies };
  const guarded = <T extends Json>(value: unknown, make: (budget: Budget) => T): T | JsonObject => {
    try {
      return make({ left: settings.maxRecordBytes });
    } catch (error) {
      if (error instanceof BudgetSpent) return truncatedValue(value, hash);
      throw error;
    }
  };
  const namedValues = (
    values: Readonly<Record<string, unknown>>,
    nodes: ReadonlyMap<string, TypeNode>,
    budget: Budget,
  ): JsonObject => {
    const result = emptyObject();
    for (const key of Object.keys(values).sort()) {
      result[key] = copyMember(context, key, values[key], nodes.get(key), budget, 1);
    }
    return result;
  };
  return {
    value: (value, node) => guarded(value, (budget) => copy(context, value, node, budget, 0)),
    named: (values, nodes) => guarded(values, (budget) => namedValues(values, nodes, budget)),
    text: (text) =>
      cutText(cleanText(context, cutText(text, settings.maxValueBytes)), settings.maxValueBytes),
    name: (text) => cutText(cleanText(context, cutText(text, settings.maxValueBytes)), maxNameBytes),
    isSecretKey: (key) => context.secretKey(key) || strategies.has(key.toLowerCase()),
  };
}
