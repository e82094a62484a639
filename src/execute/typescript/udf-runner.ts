import { setTimeout as delay } from 'node:timers/promises';
import { InternalError } from '../../errors.js';
import { measureJson } from '../../lib/measure-json.js';
import type { Json } from '../../model/json.js';
import type { UdfValue } from '../../model/udf.js';
import { PluginFunctionError } from '../plugin-function-error.js';
import type { Bundle } from './bundle.js';
import { loadWorker, type Numbered, type WorkerSite } from './load-worker.js';
import type { UdfMethod } from './protocol.js';
import { startRelay, type RelayLink } from './relay/relay-link.js';
import { decodeUdf, encodeUdf, WrongUdfType } from './udf-wire.js';
import type { BodyWorker } from './worker.js';

/** How long a function may take for one lot of rows (DuckDB hands over 2,048 at most), milliseconds. */
const deadlineMs = 200;
/** Lots in a row that a function may fail to answer in time; then it is off until the site is loaded again. */
const maxStrikes = 3;
/** Characters of JSON that one lot of rows may have. */
const maxCharacters = 16 * 1024 * 1024;
/** Pause before the worker is started again after it ended by itself or did not start, milliseconds. */
const retryMs = 1000;
/** Failures of one function per second that are told to the log. */
const logsPerSecond = 5;

/** Runs functions of plugins for SQL in a worker of their own. */
export interface UdfRunner {
  /** Computes rows, as `PluginFunction.run` says. `name` is for texts. */
  readonly run: (
    name: string,
    module: number,
    method: UdfMethod,
    rows: readonly (readonly UdfValue[])[],
  ) => readonly UdfValue[];
  readonly close: () => Promise<void>;
}

interface Ready {
  readonly worker: BodyWorker;
  readonly link: RelayLink;
}

function readAnswer(text: string, { returns }: UdfMethod, rows: number): readonly UdfValue[] | string {
  const broken = 'it answered what it may not';
  try {
    if (measureJson(text).depth > 4) return broken;
    const found = new Map<string, Json>(Object.entries(JSON.parse(text) as Record<string, Json>));
    const failure = found.get('failure');
    if (typeof failure === 'string') return failure;
    const values = found.get('values');
    if (!Array.isArray(values) || values.length !== rows) return broken;
    return (values as readonly Json[]).map((value) => decodeUdf(returns, value));
  } catch (error) {
    return error instanceof WrongUdfType ? error.message : broken;
  }
}

/** Says at most so many lines per second and function. */
function limited(say: (line: string) => void): (name: string, line: string) => void {
  const said = new Map<string, number>();
  let second = 0;
  return (name, line) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) said.clear();
    second = now;
    const count = (said.get(name) ?? 0) + 1;
    said.set(name, count);
    if (count <= logsPerSecond) say(`The function ${name} of a plugin ${line}`);
  };
}

/**
 * Starts the worker for functions of plugins. The server's thread waits for it, since DuckDB asks there, but never longer
 * than the deadline: a worker that lets it pass is replaced, and until then its functions fail at once.
 */
export async function openUdfs(site: WorkerSite, bundle: Bundle, plugins: Numbered): Promise<UdfRunner> {
  const log = limited((line) => site.host.log('error', line, null));
  const strikes = new Map<string, number>();
  let ready: Ready | undefined;
  let closing = false;
  let ids = 0;
  let starting: Promise<void> | undefined;

  const start = async (): Promise<void> => {
    const links: RelayLink[] = [];
    const { isolation } = site.settings;
    const loaded = await loadWorker(site, bundle, plugins, (options, events) => {
      const made = startRelay(bundle.relay, isolation, options, events);
      links.push(made);
      return made;
    });
    const { worker, failures } = loaded;
    const [link] = links;
    if (link === undefined || failures.size > 0 || closing) {
      worker.kill('stopped', 'it is not needed');
      if (closing) return;
      const [reason] = [...failures.values()].map(({ message }) => message);
      throw new InternalError(`The worker for functions of plugins did not start: ${reason ?? ''}`);
    }
    const own: Ready = { worker, link };
    ready = own;
    void worker.ended.then(() => {
      if (ready !== own) return;
      ready = undefined;
      restart(retryMs);
    });
  };
  const restart = (pauseMs: number): void => {
    if (closing) return;
    starting = delay(pauseMs, undefined, { ref: false })
      .then(start)
      .catch((error: unknown) => {
        site.output(error instanceof Error ? error.message : 'The worker for functions did not start');
        restart(retryMs);
      });
  };
  const strike = (name: string): PluginFunctionError => {
    const count = (strikes.get(name) ?? 0) + 1;
    strikes.set(name, count);
    ready?.worker.kill('stopped', 'a function did not answer in time');
    ready = undefined;
    restart(0);
    const off = count >= maxStrikes;
    log(name, `did not answer within ${deadlineMs} ms${off ? '; it is off now' : ''}`);
    return new PluginFunctionError(name, off ? 'off' : 'slow');
  };

  await start();
  return {
    run: (name, module, method, rows) => {
      if ((strikes.get(name) ?? 0) >= maxStrikes) throw new PluginFunctionError(name, 'off');
      if (ready === undefined) throw new PluginFunctionError(name, 'starting');
      ids += 1;
      const encoded = rows.map((row) =>
        row.map((value, index) => encodeUdf(method.args[index] ?? 'VARCHAR', value)),
      );
      const text = JSON.stringify({ type: 'udf', id: ids, module, method: method.method, rows: encoded });
      if (text.length > maxCharacters) throw new PluginFunctionError(name, 'large');
      const answer = ready.link.exchange(text, deadlineMs);
      if (answer === undefined) throw strike(name);
      strikes.delete(name);
      const values = readAnswer(answer, method, rows.length);
      if (typeof values !== 'string') return values;
      log(name, `failed: ${values}`);
      throw new PluginFunctionError(name, 'failed');
    },
    close: async () => {
      closing = true;
      const last = ready?.worker;
      ready = undefined;
      last?.kill('stopped', 'the server closes its workers');
      await last?.ended;
      await Promise.race([starting, delay(0)]);
    },
  };
}
