import { isObject } from '../../lib/is-object.js';
import type { Json, JsonObject } from '../../model/json.js';
import type { BodyHost, LogLevel } from './body-host.js';
import type { AskOperation, TellOperation } from './protocol.js';
import { HostileMessage } from './read-message.js';

function member(input: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(input, name) ? input[name] : undefined;
}

/** A text of what a body asked. Throws `HostileMessage`. */
export function memberText(input: JsonObject, name: string): string {
  const value = member(input, name);
  if (typeof value === 'string') return value;
  throw new HostileMessage(`A worker asked without ${name}`);
}

function object(input: JsonObject, name: string): JsonObject {
  const value = member(input, name);
  return isObject(value) ? value : {};
}

function list(input: JsonObject, name: string): readonly Json[] {
  const value = member(input, name);
  if (Array.isArray(value)) return value as readonly Json[];
  throw new HostileMessage(`A worker asked without ${name}`);
}

function number(input: JsonObject, name: string): number | undefined {
  const value = member(input, name);
  return typeof value === 'number' ? value : undefined;
}

function parameters(input: JsonObject): JsonObject | readonly Json[] {
  const params = member(input, 'params');
  return Array.isArray(params) ? (params as readonly Json[]) : object(input, 'params');
}

/** Answers one question of a body. Rejects with what the body is then told. */
export async function serveAsk(host: BodyHost, operation: AskOperation, input: JsonObject): Promise<Json> {
  switch (operation) {
    case 'query':
      return host.query(memberText(input, 'sql'), parameters(input));
    case 'execute':
      await host.query(memberText(input, 'sql'), parameters(input));
      return null;
    case 'secret':
      return host.secret(memberText(input, 'name'));
    case 'token':
      return (await host.externalToken()) ?? null;
    case 'elicit':
      return host.elicit({
        key: memberText(input, 'key'),
        schema: object(input, 'schema'),
        message: memberText(input, 'message'),
      });
    case 'call':
      return host.callEndpoint(memberText(input, 'name'), object(input, 'args'));
    case 'rows':
      return host.takeRows(list(input, 'items'));
  }
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];

/** Takes a log line of a body, a plugin or a hook. */
export function serveLog(host: Pick<BodyHost, 'log'>, input: JsonObject): void {
  const level = levels.find((each) => each === member(input, 'level')) ?? 'info';
  host.log(level, memberText(input, 'message'), member(input, 'data') ?? null);
}

/** Takes what a body tells. */
export function serveTell(host: BodyHost, operation: TellOperation, input: JsonObject): void {
  switch (operation) {
    case 'log':
      serveLog(host, input);
      return;
    case 'progress': {
      const message = member(input, 'message');
      host.progress(
        number(input, 'done') ?? 0,
        number(input, 'total'),
        typeof message === 'string' ? message : undefined,
      );
      return;
    }
    case 'event': {
      host.businessEvent(object(input, 'event'));
      return;
    }
    case 'fetch': {
      host.fetchStarted(number(input, 'id') ?? 0, memberText(input, 'method'), memberText(input, 'url'));
      return;
    }
    case 'fetched': {
      host.fetchEnded(
        number(input, 'id') ?? 0,
        number(input, 'status') ?? 0,
        number(input, 'duration_ms') ?? 0,
      );
      return;
    }
  }
}
