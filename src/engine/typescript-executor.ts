import { CancelledError, ExecuteFailedError, isMxcpError, ToolFailedError } from '../errors.js';
import type { AuthorRights } from '../execute/author-sql.js';
import type { Database } from '../execute/database.js';
import type { BodyHost } from '../execute/typescript/body-host.js';
import type { Bodies } from '../execute/typescript/open-bodies.js';
import type { WorkerResult } from '../execute/typescript/protocol.js';
import { stopReason, StopSource, type StopSignal } from '../lib/stop-signal.js';
import { createUnended } from '../lib/unended.js';
import type { Endpoint, Limits, TypeScriptBody } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import type { Secret } from '../model/settings.js';
import type { EndpointRules } from '../policy/compile-rules.js';
import { createBodyHost, type HostParts } from './body-host.js';
import { callFacts, callerName } from './call-facts.js';
import type { ExecuteCall, Executor, Produced } from './executor.js';
import { holdsBack } from './holds-back.js';
import { limitResult, type ResultLimit } from './limit-result.js';
import { lateDenial } from './late-denial.js';
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
  return { readOnly: reads, undoable: lateDenial(endpoint) !== undefined };
}

/** What a call fails with that had one inside fail, whatever its body made of it. A conflict may be tried again as a whole. */
function doomed({ doom }: CallTree, error: unknown): unknown {
  if (doom === undefined || doom.code === 'EXECUTE_CONFLICT') return doom ?? error;
  const place = error === doom ? doom.cause : undefined; // where the body asked for it, when it let the error pass
  return new ExecuteFailedError('A call inside of this one failed', { cause: place ?? doom });
}

const nothingToSettle = (): Promise<void> => Promise.resolve();

async function produce(endpoint: Endpoint, result: WorkerResult, limit: ResultLimit): Promise<Ran> {
  const cut = result.form === 'value' && result.cut;
  if (result.form === 'content') limit.whole(result.value);
  if (endpoint.kind === 'prompt') {
    const value =
      result.form === 'content'
        ? result.value.map((content) => ({ role: 'user', content }))
        : (await limit.end(result.value, cut)).value;
    const response = readMessages(value).map((message) => ({ ...message }));
    return { response, blob: false, truncated: false };
  }
  if (result.form === 'content') {
    return { response: null, content: result.value.map(readBlock), blob: false, truncated: false };
  }
  const { value, truncated } = await limit.end(result.value, cut);
  return { response: value, blob: result.form === 'blob', truncated };
}

/** What is known of one endpoint before any call. */
interface Plan {
  readonly site: TypescriptSite;
  readonly endpoint: Endpoint;
  /** `kind/name`, for the log. */
  readonly name: string;
  readonly module: number;
  readonly rights: AuthorRights;
  /** Texts beside the result go to the server's log only. */
  readonly holdsBack: boolean;
}

type Ran = Omit<Produced, 'settle'>;

/** Tells the log what the body threw; the caller hears of it only what he may. */
function told({ site: { logger }, name, holdsBack }: Plan, error: unknown, callId: string): unknown {
  if (!isMxcpError(error) || error.cause === undefined) return error;
  const own = error.code === 'EXECUTE_TOOL_ERROR';
  const fields = { call_id: callId, endpoint: name, err: error.cause };
  if (own) logger.info(fields, 'a body refused its call');
  else logger.error(fields, error.message);
  if (!own || !holdsBack) return error;
  return new ToolFailedError('The call was refused; the reason is in the log of the server', {
    cause: error,
  });
}

function hostOf(
  plan: Plan,
  tree: CallTree,
  call: ExecuteCall,
  { stop, begun, takeRows }: Pick<HostParts, 'stop' | 'begun' | 'takeRows'>,
): BodyHost {
  const { site, endpoint, name, rights, holdsBack } = plan;
  return createBodyHost({
    call,
    tree,
    rights: {
      readOnly: rights.readOnly || tree.session.readOnly,
      undoable: rights.undoable || call.undoable === true,
    },
    limits: endpoint.limits,
    secrets: site.secrets,
    logger: site.logger,
    endpoint: name,
    holdsBack,
    stop,
    begun,
    takeRows,
  });
}

/** A signal that aborts with another one, or by itself. `release` has to be called in the end. */
function linked(signal: StopSignal): { readonly own: StopSource; readonly release: () => void } {
  const own = new StopSource();
  const pass = (): void => own.abort(stopReason(signal));
  if (signal.aborted) pass();
  else signal.addEventListener('abort', pass, { once: true });
  return { own, release: () => signal.removeEventListener('abort', pass) };
}

/** A prompt without its end would say something else: it is never cut. */
function limitsOf({ kind, limits }: Endpoint): Limits {
  return kind === 'prompt' ? { ...limits, onLimit: 'error' } : limits;
}

async function runIn(plan: Plan, tree: CallTree, args: JsonObject, call: ExecuteCall): Promise<Ran> {
  const { endpoint, module } = plan;
  const { own, release } = linked(call.signal);
  const { begun, ended } = createUnended();
  const limit = limitResult({ limits: limitsOf(endpoint), keepRow: call.keepRow }, own);
  const stop = (error: Error): void => own.abort(error);
  const host = hostOf(plan, tree, { ...call, signal: own }, { stop, begun, takeRows: limit.take });
  try {
    const facts = callFacts(call, endpoint.limits);
    const result = await tree.worker.run({ module, args, facts, host, signal: own });
    // What the body did not wait for is part of its call all the same: its worker, its transaction and its fate.
    await ended();
    // What ended the call ends it, also when the body caught it and went on.
    own.throwIfAborted();
    if (tree.doom) throw tree.doom;
    return await produce(endpoint, result, limit);
  } catch (error) {
    const known = told(plan, call.signal.aborted ? error : doomed(tree, error), call.callId);
    own.abort(new CancelledError('The call that made this one has ended'));
    await ended();
    throw known;
  } finally {
    release();
  }
}

async function runOutermost(plan: Plan, args: JsonObject, call: ExecuteCall): Promise<Produced> {
  const { bodies, database } = plan.site;
  const loan = await bodies.lend(plan.module, callerName(call.caller), call.signal);
  const session = database.session(plan.rights.readOnly, call.signal);
  const tree: CallTree = { worker: loan.worker, session, calls: 0, tokens: new Set(), doom: undefined };
  try {
    return { ...(await runIn(plan, tree, args, call)), settle: session.settle };
  } catch (error) {
    await session.settle(false);
    throw error;
  } finally {
    loan.giveBack();
  }
}

/** Runs a TypeScript body in a worker, and in the worker and transaction of the call that it was called from. */
export function typescriptExecutor(
  site: TypescriptSite,
  endpoint: Endpoint,
  body: TypeScriptBody,
  rules: EndpointRules,
): Executor {
  const plan: Plan = {
    site,
    endpoint,
    name: `${endpoint.kind}/${endpoint.name}`,
    module: site.bodies.moduleOf(body),
    rights: rightsOf(endpoint),
    holdsBack: holdsBack({ endpoint, rules }),
  };
  return {
    recordsIntent: true,
    execute: async (args, call) =>
      call.tree
        ? { ...(await runIn(plan, call.tree, args, call)), settle: nothingToSettle }
        : runOutermost(plan, args, call),
  };
}
