import { setMaxListeners } from 'node:events';
import { ExecuteFailedError, isMxcpError, ToolFailedError } from '../errors.js';
import type { AuthorRights } from '../execute/author-sql.js';
import type { Database } from '../execute/database.js';
import type { Bodies } from '../execute/typescript/open-bodies.js';
import type { WorkerResult } from '../execute/typescript/protocol.js';
import type { Endpoint, TypeScriptBody } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import type { Secret } from '../model/settings.js';
import type { EndpointRules } from '../policy/compile-rules.js';
import { createBodyHost } from './body-host.js';
import { callFacts } from './call-facts.js';
import type { ExecuteCall, Executor, Produced } from './executor.js';
import { limitResult } from './limit-result.js';
import type { Logger } from './logger.js';
import type { CallTree } from './call-tree.js';
import { readBlock, readMessages } from './read-content.js';

/** What TypeScript bodies run on. */
export interface TypescriptSite {
  readonly database: Database;
  readonly bodies: Bodies;
  readonly secrets: readonly Secret[];
  readonly logger: Logger;
}

function rightsOf(endpoint: Endpoint): AuthorRights {
  const reads = endpoint.kind !== 'tool' || endpoint.annotations.readOnlyHint === true;
  return { readOnly: reads, undoable: endpoint.policies.output.some(({ mode }) => mode === 'enforce') };
}

/** What a call fails with that had one inside fail, whatever its body made of it. A conflict may be tried again as a whole. */
function doomed({ doom }: CallTree, error: unknown): unknown {
  if (doom === undefined || doom.code === 'EXECUTE_CONFLICT') return doom ?? error;
  return new ExecuteFailedError('A call inside of this one failed', { cause: doom });
}

const nothingToSettle = (): Promise<void> => Promise.resolve();

function produce(endpoint: Endpoint, result: WorkerResult, call: ExecuteCall): Omit<Produced, 'settle'> {
  if (endpoint.kind === 'prompt') {
    const value =
      result.form === 'content' ? result.value.map((content) => ({ role: 'user', content })) : result.value;
    const response = readMessages(value).map((message) => ({ ...message }));
    return { response, blob: false, truncated: false };
  }
  if (result.form === 'content') {
    return { response: null, content: result.value.map(readBlock), blob: false, truncated: false };
  }
  const { value, truncated } = limitResult(result.value, endpoint.limits, call.keepRow);
  return { response: value, blob: result.form === 'blob', truncated };
}

/** Runs a TypeScript body in a worker, and in the worker and transaction of the call that it was called from. */
export function typescriptExecutor(
  site: TypescriptSite,
  endpoint: Endpoint,
  body: TypeScriptBody,
  rules: EndpointRules,
): Executor {
  const { database, bodies, secrets, logger } = site;
  const module = bodies.moduleOf(body);
  const rights = rightsOf(endpoint);
  const { limits } = endpoint;
  const holdsBack = rules.changesOutput && !endpoint.unreleasedText;
  const name = `${endpoint.kind}/${endpoint.name}`;

  const told = (error: unknown, callId: string): unknown => {
    if (!isMxcpError(error) || error.cause === undefined) return error;
    const own = error.code === 'EXECUTE_TOOL_ERROR';
    const fields = { call_id: callId, endpoint: name, err: error.cause };
    if (own) logger.info(fields, 'a body refused its call');
    else logger.error(fields, error.message);
    if (!own || !holdsBack) return error;
    return new ToolFailedError('The call was refused; the reason is in the log of the server', {
      cause: error,
    });
  };

  const runIn = async (
    tree: CallTree,
    args: JsonObject,
    call: ExecuteCall,
  ): Promise<Omit<Produced, 'settle'>> => {
    setMaxListeners(0, call.signal); // every call inside listens
    const stopping = new AbortController();
    const pass = (): void => stopping.abort(call.signal.reason);
    if (call.signal.aborted) pass();
    else call.signal.addEventListener('abort', pass, { once: true });
    const stop = (error: unknown): void => stopping.abort(error);
    const own = { readOnly: rights.readOnly || tree.session.readOnly, undoable: rights.undoable };
    const host = createBodyHost({
      call,
      tree,
      rights: own,
      limits,
      secrets,
      logger,
      endpoint: name,
      holdsBack,
      stop,
    });
    try {
      const facts = callFacts(call, limits.maxBytes * 2 + 65_536);
      const result = await tree.worker.run({ module, args, facts, host, signal: stopping.signal });
      // What ended the call ends it, also when the body caught it and went on.
      stopping.signal.throwIfAborted();
      if (tree.doom) throw tree.doom;
      return produce(endpoint, result, call);
    } catch (error) {
      throw told(call.signal.aborted ? error : doomed(tree, error), call.callId);
    } finally {
      call.signal.removeEventListener('abort', pass);
    }
  };

  const runOutermost = async (args: JsonObject, call: ExecuteCall): Promise<Produced> => {
    const loan = await bodies.lend(call.signal);
    const session = database.session(rights.readOnly, call.signal);
    const tree: CallTree = { worker: loan.worker, session, calls: 0, doom: undefined };
    try {
      return { ...(await runIn(tree, args, call)), settle: session.settle };
    } catch (error) {
      await session.settle(false);
      throw error;
    } finally {
      loan.giveBack();
    }
  };

  return {
    recordsIntent: true,
    execute: async (args, call) =>
      call.tree
        ? { ...(await runIn(call.tree, args, call)), settle: nothingToSettle }
        : runOutermost(args, call),
  };
}
