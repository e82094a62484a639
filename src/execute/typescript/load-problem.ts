import { relative } from 'node:path';
import type { Origin, Problem } from '../../errors.js';
import type { LoadFailure } from './protocol.js';
import type { SiteModule } from './site-module.js';

/** The author's line in a stack: the first place that is in the module's own file. */
function placeIn(file: string, stack: string): { line: number; column: number } | undefined {
  const at = stack.indexOf(`${file}:`);
  const found = at === -1 ? null : /^(\d+):(\d+)/.exec(stack.slice(at + file.length + 1));
  return found ? { line: Number(found[1]), column: Number(found[2]) } : undefined;
}

/** Where it failed: the line in the module where that can be told, else where the site names the module. */
function originOf(root: string, { kind, file, source }: SiteModule, stack: string): Origin {
  const place = placeIn(file, stack);
  if (place === undefined) return source.origin;
  return { ...(kind === 'plugin' ? { file: relative(root, file) } : source.origin), ...place };
}

interface Words {
  /** The function that has to be there. */
  readonly needed: string;
  readonly rule: string;
  readonly message: string;
  readonly remedy: string;
}

function wordsFor(module: SiteModule, message: string): Words {
  switch (module.kind) {
    case 'body':
      return {
        needed: `${module.body.exportNames[0] ?? 'default'}(args, ctx)`,
        rule: 'typescript-does-not-load',
        message: `The module fails while it loads: ${message}`,
        remedy: 'Do what can fail inside of the function, or in onInit',
      };
    case 'plugin':
      return {
        needed: 'create(config, ctx)',
        rule: 'plugin-does-not-load',
        message: `The plugin "${module.plugin.name}" cannot be made: ${message}`,
        remedy: 'Mend its module or its `config`, or take it out of the site file',
      };
    case 'hooks':
      return {
        needed: 'onInit(ctx)',
        rule: 'hook-failed',
        message: `onInit failed: ${message}`,
        remedy: 'Mend what it needs: nothing is served while it fails',
      };
  }
}

/** A module that compiles and cannot be used, as a problem in the author's file. */
export function loadProblem(
  root: string,
  module: SiteModule,
  { reason, message, stack }: LoadFailure,
): Problem {
  const { needed, ...threw } = wordsFor(module, message);
  if (reason === 'threw') return { severity: 'error', ...threw, origin: originOf(root, module, stack) };
  const name = needed.split('(')[0] ?? needed;
  const orDefault = module.kind === 'body' ? ', or a default export' : '';
  return {
    severity: 'error',
    rule: 'typescript-no-function',
    message: `There is no function ${name} to run. ${message}`,
    remedy: `Write \`export function ${needed} { … }\`${orDefault}`,
    origin: module.source.origin,
  };
}
