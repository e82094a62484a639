import { BodyFailedError, ElicitUnavailableError, ExecuteFailedError, toMxcpError } from '../errors.js';
import type { AuthorRights } from '../execute/author-sql.js';
import { onlyReads } from '../execute/only-reads.js';
import type { BodyHost } from '../execute/typescript/body-host.js';
import { jsonBytes } from '../execute/value-size.js';
import type { Unended } from '../lib/unended.js';
import type { ElicitQuestion } from '../model/call.js';
import type { Limits } from '../model/endpoint.js';
import type { Json, JsonObject } from '../model/json.js';
import type { Secret } from '../model/settings.js';
import { bareForm, readAnswer } from './elicit-form.js';
import type { ExecuteCall } from './executor.js';
import { tokenOfCall } from './external-token.js';
import type { Logger } from './logger.js';
import { releasedJson } from './released-json.js';
import type { CallTree } from './call-tree.js';
import { countCall } from './nesting.js';

/** Messages of each kind that one call can send to its client. */
const maxMessages = 1000;
/** What one call can have put on record by `ctx.audit`: events, and bytes of JSON of all of them. */
const maxEvents = 100;
const maxEventBytes = 256 * 1024;
/** Longest text and largest data of a log line, and longest text of a progress message. */
const maxText = 8192;
const maxData = 128 * 1024;

/** Characters of SQL in one `ctx.db` call: the server's own thread reads them. */
const maxSql = 256 * 1024;

/** What the host of one call is made of. */
export interface HostParts {
  readonly call: ExecuteCall;
  readonly tree: CallTree;
  readonly rights: AuthorRights;
  readonly limits: Limits;
  readonly secrets: readonly Secret[];
  readonly logger: Logger;
  /** `kind/name`, for the log. */
  readonly endpoint: string;
  /** Texts go to the server's log only: a rule can hide what they may say (spec page 04, "Everything that leaves"). */
  readonly holdsBack: boolean;
  /** Ends the call with an error, whatever the body does. */
  readonly stop: (error: Error) => void;
  /** Notes work for the body that its call has to wait for, also when the body does not. */
  readonly begun: Unended['begun'];
  readonly takeRows: BodyHost['takeRows'];
}

async function callEndpoint({ call, tree }: HostParts, name: string, args: JsonObject): Promise<Json> {
  try {
    countCall(tree);
    const outcome = await call.callWithin(name, args, tree, call.signal);
    if (outcome.status === 'success') return releasedJson(outcome.released);
    throw outcome.error;
  } catch (error) {
    if (!call.signal.aborted) tree.doom ??= toMxcpError(error);
    throw error;
  }
}

/** Sends at most so many messages; `send` of a call that nobody listens to is absent. */
function bounded<A extends readonly unknown[]>(
  send: ((...args: A) => void) | undefined,
): (...args: A) => void {
  let left = send ? maxMessages : 0;
  return (...args) => {
    left -= 1;
    if (left >= 0) send?.(...args);
  };
}

function createLog({ call, logger, endpoint, holdsBack }: HostParts): BodyHost['log'] {
  const toClient = bounded(holdsBack ? undefined : call.client?.log);
  const toServer = bounded((level: 'debug' | 'info' | 'warn' | 'error', message: string, data: Json) =>
    logger[level]({ call_id: call.callId, endpoint, ...(data !== null && { data }) }, message),
  );
  return (level, text, given) => {
    const message = text.slice(0, maxText);
    const data = jsonBytes(given) > maxData ? null : given;
    toServer(level === 'warning' ? 'warn' : level, message, data);
    toClient(level, data === null ? message : { message, data });
  };
}

/** Takes events for the record. One too many ends the call: a record that is not whole misleads. */
function createEvents({ call, stop }: HostParts): BodyHost['businessEvent'] {
  let events = 0;
  let bytes = 0;
  return (event) => {
    events += 1;
    bytes += jsonBytes(event);
    if (events <= maxEvents && bytes <= maxEventBytes) call.noteBusiness(event);
    else stop(new BodyFailedError('The body put more on record by ctx.audit than one call may'));
  };
}

function createFetchNotes({ call }: HostParts): Pick<BodyHost, 'fetchStarted' | 'fetchEnded'> {
  const events = new Map<number, Record<string, Json>>();
  return {
    fetchStarted: (id, method, url) => {
      if (events.size >= maxMessages) return;
      const event: Record<string, Json> = {
        type: 'fetch',
        method: method.slice(0, 20),
        url: url.slice(0, 500),
      };
      events.set(id, event);
      call.noteEvent(event);
    },
    fetchEnded: (id, status, durationMs) => {
      const event = events.get(id);
      if (event) Object.assign(event, { status, duration_ms: durationMs });
    },
  };
}

/** What the body has done. */
interface Effects {
  /** That cannot be done twice: a run that asks is repeated from its start. */
  first: string | undefined;
  questions: number;
}

const withThatWrites = /^\s*with\b.*\b(?:insert|update|delete|merge)\b/is;

function mayWrite(sql: string): boolean {
  const source = { text: sql, origin: { file: '', line: 1, column: 1 }, indent: 0 };
  return !onlyReads([source]) || withThatWrites.test(sql);
}

/** Asks without the words of the body, key and names of fields included. */
async function askBare(
  ask: (question: ElicitQuestion) => Promise<Json>,
  question: ElicitQuestion,
  key: string,
): Promise<Json> {
  const { schema, restore } = bareForm(question.schema);
  const answer = await ask({ key, schema, message: withheldMessage, withheld: { ...question } });
  const read = readAnswer(schema, answer);
  return (read && readAnswer(question.schema, restore(read))) ?? { action: 'cancel' };
}

async function elicit(
  { call, stop, holdsBack, logger, endpoint }: HostParts,
  effects: Effects,
  question: ElicitQuestion,
): Promise<Json> {
  const ask = call.client?.elicit;
  if (!ask) throw new ElicitUnavailableError('This client or transport has no way to ask the human');
  try {
    effects.questions += 1;
    if (effects.first !== undefined)
      throw new BodyFailedError(
        `ctx.elicit must come before ${effects.first}: the body runs again from its start`,
      );
    if (!holdsBack) return await ask(question);
    logger.info({ call_id: call.callId, endpoint }, question.message);
    return await askBare(ask, question, `question_${effects.questions}`);
  } catch (error) {
    const known = toMxcpError(error);
    if (known.code !== 'ELICIT_UNAVAILABLE') stop(known);
    throw known;
  }
}

const withheldMessage = 'This call needs your input. Its words are withheld; the log of the server has them.';

/** The parameters of a secret that the site declares. Throws `ExecuteFailedError` for any other name. */
export function secretOf(secrets: readonly Secret[], name: string): JsonObject {
  const found = secrets.find((secret) => secret.name === name);
  if (!found)
    throw new ExecuteFailedError(
      'The site declares no secret of this name; `secrets` of the site file names them',
    );
  return { ...found.parameters };
}

/** What the server does for one run of a body: everything that its `ctx` can reach. */
export function createBodyHost(parts: HostParts): BodyHost {
  const { call, tree, rights, limits, secrets, holdsBack, begun } = parts;
  const progress = bounded(call.client?.progress);
  const notes = createFetchNotes(parts);
  const effects: Effects = { first: undefined, questions: 0 };
  const { caller, request, signal, outlives } = call;
  const token = tokenOfCall(call, tree);
  const run = { caller, request, signal, outlives, limits };
  return {
    query: async (sql, params) => {
      if (sql.length > maxSql)
        throw new ExecuteFailedError(
          `A statement of a body has at most ${maxSql} characters: hand values over as parameters`,
        );
      if (!rights.readOnly && effects.first === undefined && mayWrite(sql)) effects.first = 'what it writes';
      const externalToken = call.externalToken && (await token.find()); // a view may ask for it, too
      const whose = externalToken === undefined ? run : { ...run, externalToken };
      return begun(tree.session.query(sql, params, rights, whose));
    },
    secret: (name) => secretOf(secrets, name),
    externalToken: token.find,
    elicit: (question) => elicit(parts, effects, question),
    callEndpoint: (name, args) => {
      effects.first ??= 'ctx.endpoints.call';
      return begun(callEndpoint(parts, name, args));
    },
    takeRows: parts.takeRows,
    log: createLog(parts),
    progress: (done, total, message) =>
      progress(done, total, holdsBack ? undefined : message?.slice(0, maxText)),
    businessEvent: createEvents(parts),
    fetchStarted: (id, method, url) => {
      effects.first ??= 'ctx.fetch';
      notes.fetchStarted(id, method, url);
    },
    fetchEnded: notes.fetchEnded,
    hide: token.hide,
  };
}
