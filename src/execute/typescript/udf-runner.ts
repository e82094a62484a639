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

interface Ready {
  readonly worker: BodyWorker;
  readonly link: RelayLink;
}

const broken = 'it answered what it may not';

/** The values of an answer; why there are none; or undefined for the answer to another question. */
function readAnswer(
  text: string,
  id: number,
  { returns }: UdfMethod,
  rows: number,
): readonly UdfValue[] | string | undefined {
  try {
    if (measureJson(text).depth > 4) return broken;
    const found = new Map<string, Json>(Object.entries(JSON.parse(text) as Record<string, Json>));
    if (found.get('id') !== id) return undefined;
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

function encodeRows({ args }: UdfMethod, rows: readonly (readonly UdfValue[])[]): Json[][] {
  return rows.map((row) => args.map((type, index) => encodeUdf(type, row[index])));
}

/**
 * Runs functions of plugins for SQL in a worker of their own. The server's thread waits for it, since DuckDB asks there, but
 * never longer than the deadline: a worker that lets it pass is replaced, and until then its functions fail at once.
 */
export class UdfRunner {
  private readonly site: WorkerSite;
  private readonly bundle: Bundle;
  private readonly plugins: Numbered;
  private readonly log: (name: string, line: string) => void;
  private readonly strikes = new Map<string, number>();
  private ready: Ready | undefined;
  private latest: RelayLink | undefined;
  /** The function for which the worker was stopped last. */
  private stoppedFor: string | undefined;
  private closing = false;
  private ids = 0;

  constructor(site: WorkerSite, bundle: Bundle, plugins: Numbered) {
    this.site = site;
    this.bundle = bundle;
    this.plugins = plugins;
    this.log = limited((line) => site.host.log('error', line, null));
  }

  /** Starts the worker. Rejects when plugins that were made before cannot be made in it. */
  async start(): Promise<void> {
    const { isolation } = this.site.settings;
    const { worker, failures } = await loadWorker(this.site, this.bundle, this.plugins, (options, events) => {
      this.latest = startRelay(this.bundle.relay, isolation, options, events);
      return this.latest;
    });
    if (this.latest === undefined || failures.size > 0 || !worker.usable()) {
      worker.kill('stopped', 'it did not load');
      const reasons = [...failures.values()].map(({ message }) => message);
      throw new InternalError(`The worker for functions of plugins did not start: ${reasons.join('; ')}`);
    }
    const own: Ready = { worker, link: this.latest };
    this.ready = own;
    void worker.ended.then(() => this.lost(own));
  }

  /** Computes rows, as `PluginFunction.run` says. `name` is for texts, `module` the plugin's number. */
  run(
    name: string,
    module: number,
    method: UdfMethod,
    rows: readonly (readonly UdfValue[])[],
  ): readonly UdfValue[] {
    if ((this.strikes.get(name) ?? 0) >= maxStrikes) throw new PluginFunctionError(name, 'off');
    // DuckDB asks again for what it could not compute while it planned.
    if (this.ready === undefined)
      throw new PluginFunctionError(name, this.stoppedFor === name ? 'slow' : 'starting');
    const id = ++this.ids;
    const question = { type: 'udf', id, module, method: method.method, rows: encodeRows(method, rows) };
    const text = JSON.stringify(question);
    if (text.length > maxCharacters) throw new PluginFunctionError(name, 'large');
    const answer = this.ready.link.exchange(text, deadlineMs);
    const values = answer === undefined ? undefined : readAnswer(answer, id, method, rows.length);
    if (values === undefined) throw this.strike(name);
    this.strikes.delete(name);
    if (typeof values !== 'string') return values;
    this.log(name, `failed: ${values}`);
    throw new PluginFunctionError(name, 'failed');
  }

  /** Ends the worker, also one that is just starting. */
  async close(): Promise<void> {
    this.closing = true;
    const last = this.ready?.worker;
    this.ready = undefined;
    this.latest?.kill('stopped', 'the server closes its workers');
    await last?.ended;
  }

  private strike(name: string): PluginFunctionError {
    const count = (this.strikes.get(name) ?? 0) + 1;
    this.strikes.set(name, count);
    const off = count >= maxStrikes;
    this.log(name, `did not answer within ${deadlineMs} ms${off ? '; it is off now' : ''}`);
    this.stoppedFor = name;
    this.ready?.worker.kill('stopped', 'a function did not answer in time');
    this.ready = undefined;
    void this.startAgain(0);
    return new PluginFunctionError(name, off ? 'off' : 'slow');
  }

  private isClosing(): boolean {
    return this.closing;
  }

  private lost(worker: Ready): void {
    if (this.ready !== worker) return;
    this.stoppedFor = undefined;
    this.ready = undefined;
    void this.startAgain(retryMs);
  }

  private async startAgain(pauseMs: number): Promise<void> {
    for (let pause = pauseMs; ; pause = retryMs) {
      await delay(pause, undefined, { ref: false });
      if (this.isClosing()) return;
      try {
        await this.start();
        return;
      } catch (error) {
        if (!this.closing)
          this.site.output(error instanceof Error ? error.message : 'no worker for functions');
      }
    }
  }
}
