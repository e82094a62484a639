import { closeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import type { JsonObject } from '../../../model/json.js';
import type { LoadFailure, ToWorker } from '../protocol.js';
import { openScope, type CallScope } from './call-scope.js';
import { openChannel } from './channel.js';
import { describeFailure } from './describe-failure.js';
import { raiseFence } from './fence.js';
import { importFunction, type AuthorFunction } from './load-module.js';
import { sendResult } from './send-result.js';
import { openSite } from './site.js';
import { NotJson } from './to-json.js';
import { createContext } from './tool-context.js';

const { send, listen } = openChannel();
const bodies = new Map<number, AuthorFunction>();
const scopes = new Map<number, CallScope>();
const site = openSite(send);
let settings: JsonObject = {};
let loading: Promise<void> = Promise.resolve();
let quiet: ReadonlyMap<string, number> = new Map();

/** What keeps this worker's event loop alive, counted by kind. */
function activity(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** True when a call left something behind that goes on: it would run beside the next one. */
function isBusy(): boolean {
  return scopes.size === 0 && [...activity()].some(([kind, count]) => count > (quiet.get(kind) ?? 0));
}

async function loadBody({ module, url, names }: ToWorker & { type: 'load' }): Promise<LoadFailure | null> {
  const loaded = await importFunction(url, [...names, 'default']);
  if ('failure' in loaded) return loaded.failure;
  bodies.set(module, loaded.exported);
  return null;
}

async function load(message: ToWorker & { type: 'load' | 'plugin' | 'hooks' }): Promise<void> {
  let failure: LoadFailure | null;
  if (message.type === 'load') failure = await loadBody(message);
  else failure = await (message.type === 'plugin' ? site.addPlugin(message) : site.addHooks(message));
  await turn();
  quiet = activity(); // what plugins and hooks keep open is no call's
  const { module } = message;
  send({ type: 'loaded', module, failure, functions: site.functionsOf(module) });
}

function scopeOf(call: number): CallScope | undefined {
  return call === 0 ? site.scope : scopes.get(call);
}

async function run({ call, module, args, facts }: ToWorker & { type: 'run' }): Promise<void> {
  const scope = openScope(call, send);
  scopes.set(call, scope);
  let end: () => void;
  try {
    const body = bodies.get(module);
    if (body === undefined) throw new NotJson('The worker does not have this body');
    const returned = await body(args, createContext(scope, facts, settings, site.plugins));
    scope.refuseUnanswered();
    const result = await sendResult(returned, facts.maxBytes, (items) => scope.ask('rows', { items }));
    scope.refuseUnanswered(); // getters and iterators of the result may ask, too
    end = () => send({ type: 'done', call, result, busy: isBusy() });
  } catch (error) {
    const failure = describeFailure(error, scope.refusedAsk(error));
    end = () => send({ type: 'failed', call, failure, busy: isBusy() });
  }
  scopes.delete(call);
  scope.close();
  await turn(); // a rejection that nobody awaits shows now, and then costs this call
  end();
}

/** What was logged last is on its way; the server ends a worker that does not end. */
function leave(): void {
  setTimeout(() => process.exit(0), 20);
}

function receive(message: ToWorker): void {
  switch (message.type) {
    case 'load':
    case 'plugin':
    case 'hooks':
      loading = loading.then(() => load(message));
      return;
    case 'config':
      settings = message.settings;
      site.configure(settings);
      return;
    case 'run':
      void run(message);
      return;
    case 'udf':
      send(site.udfs.run(message));
      return;
    case 'shutdown':
      void site.shutDown().then(leave);
      return;
    case 'abort':
      return scopes.get(message.call)?.abort(message.reason);
    case 'answer':
      return scopeOf(message.call)?.answer(message.ask, message.value);
    case 'refusal':
      return scopeOf(message.call)?.refuse(message.ask, message.code, message.message);
  }
}

function fail(error: unknown): void {
  send({ type: 'fatal', failure: describeFailure(error) });
  setTimeout(() => process.exit(1), 20);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
if (isMainThread) {
  for (const inherited of process.argv.slice(2)) closeSync(Number(inherited));
  raiseFence();
  // A terminal and a supervisor send them to all processes: the server lets calls end, and then ends its workers.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
}
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined); // opened here, so that a first console.log leaves nothing new
listen(receive);
