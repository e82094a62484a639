import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';

/** The compiler's API, as far as it is of use here. */
export type Compiler = typeof ts;

/** A compiler, or why there is none. */
export type CompilerSearch =
  | { readonly found: Compiler }
  | { readonly found: undefined; readonly reason: 'absent' | 'broken' | 'no-api'; readonly version?: string };

function resolveFrom(place: string): string | undefined {
  try {
    return createRequire(place).resolve('typescript');
  } catch {
    return undefined; // not installed here: what is looked for
  }
}

/**
 * The `typescript` package of a site, else the one that is installed beside this program. It is no dependency of ours:
 * only who writes TypeScript needs it, in the version that the editor has.
 */
export function loadCompiler(root: string): CompilerSearch {
  const path = resolveFrom(join(root, 'tsconfig.json')) ?? resolveFrom(import.meta.url);
  if (path === undefined) return { found: undefined, reason: 'absent' };
  let loaded: Partial<Compiler> | null;
  try {
    loaded = createRequire(path)(path) as typeof loaded;
  } catch {
    return { found: undefined, reason: 'broken' }; // half of it was installed
  }
  if (typeof loaded?.createProgram === 'function') return { found: loaded };
  return { found: undefined, reason: 'no-api', ...(loaded?.version && { version: loaded.version }) };
}
