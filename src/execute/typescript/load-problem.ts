import type { Problem } from '../../errors.js';
import type { TypeScriptBody } from '../../model/endpoint.js';
import type { LoadFailure } from './protocol.js';

/** The author's line in a stack: the first place that is in the body's own file. */
function placeIn(body: TypeScriptBody, stack: string): { line: number; column: number } | undefined {
  const at = stack.indexOf(`${body.file}:`);
  const found = at === -1 ? null : /^(\d+):(\d+)/.exec(stack.slice(at + body.file.length + 1));
  return found ? { line: Number(found[1]), column: Number(found[2]) } : undefined;
}

/** A module that compiles and is no body, as a problem in the author's file. */
export function loadProblem(body: TypeScriptBody, { reason, message, stack }: LoadFailure): Problem {
  const { origin } = body.source;
  const [name = 'default'] = body.exportNames;
  if (reason === 'no-callable') {
    return {
      severity: 'error',
      rule: 'typescript-no-function',
      message: `There is no function ${name} to run. ${message}`,
      remedy: `Write \`export function ${name}(args, ctx) { … }\`, or a default export`,
      origin,
    };
  }
  return {
    severity: 'error',
    rule: 'typescript-does-not-load',
    message: `The module fails while it loads: ${message}`,
    remedy: 'Do what can fail inside of the function, or in onInit',
    origin: { ...origin, ...placeIn(body, stack) },
  };
}
