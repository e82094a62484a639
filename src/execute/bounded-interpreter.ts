import { ExecuteFailedError } from '../errors.js';
import { Interpreter, type TemplateEnvironment, type TemplateNode, type TemplateValue } from './jinja.js';

/** Steps of work of one template: each node that is evaluated is one, and more by what comes of it. */
const maxSteps = 100_000;
/** UTF-16 units, and items, of what a node gives that are a step: whoever goes through much works much. */
const unitsPerStep = 100;
const itemsPerStep = 25;
/** UTF-16 units of any text that a template builds. */
const maxText = 1_048_576;
/** Items of any list that a template builds. */
const maxItems = 10_000;

/** Names that every template knows beside the prompt's parameters. */
export const globalNames: readonly string[] = [
  'true',
  'false',
  'none',
  'True',
  'False',
  'None',
  'range',
  'namespace',
];

/** Declares what `globalNames` says. `namespace` is the environment's own. */
export function declareGlobals(environment: TemplateEnvironment): void {
  for (const name of ['true', 'True']) environment.set(name, true);
  for (const name of ['false', 'False']) environment.set(name, false);
  for (const name of ['none', 'None']) environment.set(name, null);
  environment.set('range', boundedRange);
}

function boundedRange(first: unknown, second?: unknown, third: unknown = 1): number[] {
  const [start, stop] = typeof second === 'number' ? [Number(first), second] : [0, Number(first)];
  const step = Number(third);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!Number.isFinite(count) || count > maxItems) throw tooLarge('range()');
  return Array.from({ length: count }, (_, index) => start + index * step);
}

/** An interpreter that stops a template that loops too long or builds too much. */
export class BoundedInterpreter extends Interpreter {
  private steps = 0;

  override evaluate(node: TemplateNode | undefined, environment: TemplateEnvironment): TemplateValue {
    this.work(1);
    const result = super.evaluate(node, environment);
    const { value } = result;
    if (typeof value === 'string') {
      if (value.length > maxText) throw tooLarge('Text');
      this.work(value.length / unitsPerStep);
    } else if (Array.isArray(value)) {
      if (value.length > maxItems) throw tooLarge('List');
      this.work(value.length / itemsPerStep);
    } else if (value instanceof Map) this.work(value.size / itemsPerStep);
    return result;
  }

  private work(steps: number): void {
    this.steps += steps;
    if (this.steps > maxSteps) throw tooLarge('Work');
  }
}

function tooLarge(what: string): ExecuteFailedError {
  return new ExecuteFailedError(`${what} in a prompt template passes its bound`);
}
