import { measureJson } from '../../lib/measure-json.js';
import type { Json, JsonObject } from '../../model/json.js';
import { maxValues, type BodyFailure, type FromWorker, type LoadFailure } from './protocol.js';
import type { UdfMethod, WorkerResult } from './protocol.js';

/** A worker sent what no worker of ours sends: its body has taken the line over, or its memory is damaged. */
export class HostileMessage extends Error {}

/** Levels of nesting of a message. */
const maxDepth = 128;
/** Members of the objects of a message, those of the message itself among them. */
const maxMembers = maxValues + 1000;
/** Commas and opening brackets of a message: at most two for each value. */
const maxMarks = 2 * maxMembers;

const asks = ['query', 'execute', 'secret', 'token', 'elicit', 'call', 'rows'] as const;
const tells = ['log', 'progress', 'event', 'fetch', 'fetched'] as const;
const failureKinds = ['tool', 'relayed', 'result', 'limit', 'error'] as const;
const forms = ['value', 'blob', 'content'] as const;

function hostile(): never {
  throw new HostileMessage('A worker sent a message that is none of its protocol');
}

function object(value: Json | undefined): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return hostile();
  return value as JsonObject;
}

/** An own member; what a prototype has is nobody's message. */
function member(from: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

function count(from: JsonObject, name: string): number {
  const value = member(from, name);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : hostile();
}

function text(from: JsonObject, name: string): string {
  const value = member(from, name);
  return typeof value === 'string' ? value : hostile();
}

function oneOf<T extends string>(from: JsonObject, name: string, allowed: readonly T[]): T {
  const value = member(from, name);
  return allowed.find((each) => each === value) ?? hostile();
}

function failure(value: Json | undefined): BodyFailure {
  const from = object(value);
  return {
    kind: oneOf(from, 'kind', failureKinds),
    name: text(from, 'name'),
    message: text(from, 'message'),
    stack: text(from, 'stack'),
    ask: member(from, 'ask') === null ? null : count(from, 'ask'),
  };
}

function loadFailure(value: Json | undefined): LoadFailure | null {
  if (value === null) return null;
  const from = object(value);
  const reason = oneOf(from, 'reason', ['threw', 'no-callable'] as const);
  return { reason, message: text(from, 'message'), stack: text(from, 'stack') };
}

const udfTypes = ['VARCHAR', 'BIGINT', 'INTEGER', 'DOUBLE', 'BOOLEAN'] as const;
/** Functions of a plugin, and arguments of a function. */
const maxFunctions = 200;

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) && value.length <= maxFunctions ? (value as readonly Json[]) : hostile();
}

function udfMethod(value: Json): UdfMethod {
  const from = object(value);
  const args = list(member(from, 'args')).map((type) => oneOf({ type }, 'type', udfTypes));
  return { method: text(from, 'method'), args, returns: oneOf(from, 'returns', udfTypes) };
}

function loaded(from: JsonObject): FromWorker {
  return {
    type: 'loaded',
    module: count(from, 'module'),
    failure: loadFailure(member(from, 'failure')),
    functions: list(member(from, 'functions')).map(udfMethod),
  };
}

function result(value: Json | undefined): WorkerResult {
  const from = object(value);
  const inner = member(from, 'value') ?? null;
  const form = oneOf(from, 'form', forms);
  if (form === 'value') return { form, value: inner, cut: member(from, 'cut') === true };
  if (form === 'blob') return { form, value: inner };
  return Array.isArray(inner) ? { form, value: inner as readonly Json[] } : hostile();
}

function parse(message: string): JsonObject {
  const { depth, members, marks } = measureJson(message);
  if (depth > maxDepth || members > maxMembers || marks > maxMarks) return hostile();
  try {
    return object(JSON.parse(message) as Json);
  } catch {
    return hostile();
  }
}

/** Reads one message of a worker and takes nothing for granted. Throws `HostileMessage`. */
export function readMessage(message: string): FromWorker {
  const from = parse(message);
  switch (member(from, 'type')) {
    case 'loaded':
      return loaded(from);
    case 'ask':
      return {
        type: 'ask',
        call: count(from, 'call'),
        ask: count(from, 'ask'),
        operation: oneOf(from, 'operation', asks),
        input: object(member(from, 'input')),
      };
    case 'tell':
      return {
        type: 'tell',
        call: count(from, 'call'),
        operation: oneOf(from, 'operation', tells),
        input: object(member(from, 'input')),
      };
    case 'done':
      return {
        type: 'done',
        call: count(from, 'call'),
        result: result(member(from, 'result')),
        busy: member(from, 'busy') === true,
      };
    case 'failed':
      return {
        type: 'failed',
        call: count(from, 'call'),
        failure: failure(member(from, 'failure')),
        busy: member(from, 'busy') === true,
      };
    case 'fatal':
      return { type: 'fatal', failure: failure(member(from, 'failure')) };
    default:
      return hostile();
  }
}
