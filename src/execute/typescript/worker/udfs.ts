import { udfSignature } from '../../../author/api.js';
import type { Json } from '../../../model/json.js';
import type { ToWorker, UdfAnswer, UdfMethod } from '../protocol.js';
import { decodeUdf, encodeUdf, WrongUdfType } from '../udf-wire.js';
import { describeFailure } from './describe-failure.js';
import { TooLarge } from './to-json.js';

/** Characters that the values for one lot of rows may have. */
const maxCharacters = 4 * 1024 * 1024;

type Work = (...values: readonly unknown[]) => unknown;

/** The functions in SQL of a worker's plugins, by the number of the plugin's module. */
export interface Udfs {
  /** Takes the methods of an instance that `udf` marked. */
  readonly add: (module: number, instance: object) => readonly UdfMethod[];
  /** Computes rows. Never throws. */
  readonly run: (message: ToWorker & { type: 'udf' }) => UdfAnswer;
}

interface Method extends UdfMethod {
  readonly work: Work;
}

function compute({ args, returns, work }: Method, rows: readonly (readonly Json[])[]): Json[] {
  let left = maxCharacters;
  return rows.map((row) => {
    const value = encodeUdf(returns, work(...args.map((type, index) => decodeUdf(type, row[index]))));
    left -= typeof value === 'string' ? value.length : 8;
    if (left < 0) throw new TooLarge(`it gave more than ${maxCharacters} characters for one lot of rows`);
    return value;
  });
}

function failureText(error: unknown): string {
  if (error instanceof WrongUdfType || error instanceof TooLarge) return error.message;
  const { name, message, stack } = describeFailure(error);
  return stack === '' ? `${name}: ${message}` : stack;
}

/** Keeps the functions of one worker. */
export function createUdfs(): Udfs {
  const methods = new Map<string, Method>();
  return {
    add: (module, instance) =>
      Object.entries(instance).flatMap(([method, value]) => {
        const signature = udfSignature(value);
        if (signature === undefined) return [];
        const { args, returns } = signature;
        methods.set(`${module} ${method}`, { method, args, returns, work: value as Work });
        return [{ method, args, returns }];
      }),
    run: ({ id, module, method, rows }) => {
      try {
        const found = methods.get(`${module} ${method}`);
        if (found === undefined) throw new TypeError('The plugin does not have this function');
        return { type: 'udf', id, values: compute(found, rows) };
      } catch (error) {
        return { type: 'udf', id, failure: failureText(error) };
      }
    },
  };
}
