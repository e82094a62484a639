import { dirname } from 'node:path';
import type { Environment } from './expand.js';
import { absolutePath } from './site-paths.js';
import { readText } from './yaml-file.js';

/** Resolves `file://path`: the content, trimmed. A relative path starts at the folder of the file that names it. */
export async function resolveFileReference(
  reference: string,
  namedIn: string,
  env: Environment,
): Promise<string> {
  const path = absolutePath(reference.slice('file://'.length), dirname(namedIn), env);
  try {
    return (await readText(path)).trim();
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error ? String(error.code) : 'not a UTF-8 text of at most 4 MiB';
    throw new Error(`cannot read ${path} (${reason})`, { cause: error });
  }
}
