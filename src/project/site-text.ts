import type { Problem } from '../errors.js';
import type { SourceText } from '../lib/source-text.js';
import { stringOf, type Field } from './field.js';
import { problemOf, suggestion, type Finding } from './problems.js';
import { confinedFile, shownPath, type ConfinedPath } from './site-paths.js';
import { readText } from './yaml-file.js';

/** A text in another language, and the absolute path of the file that it stands in. */
export interface SiteText {
  readonly source: SourceText;
  readonly path: string;
}

/** The text of a file of the site that an author named, relative to `base`. Undefined, with a problem, when it cannot be used. */
export async function siteText(
  root: string,
  base: string,
  field: Field,
  problems: Problem[],
): Promise<SiteText | undefined> {
  const named = stringOf(field);
  if (named === undefined) return undefined;
  const found = await confinedFile(root, base, named);
  if (!found.ok) {
    problems.push(problemOf(field, unusableFile(named, found)));
    return undefined;
  }
  try {
    const origin = { file: shownPath(root, found.path), line: 1, column: 1 };
    return { source: { text: await readText(found.path), origin, indent: 0 }, path: found.path };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown error';
    problems.push(problemOf(field, { rule: 'unreadable-file', message: `Cannot read ${named}: ${reason}` }));
    return undefined;
  }
}

/** Says why a file that an author named cannot be used. */
export function unusableFile(named: string, found: ConfinedPath & { ok: false }): Finding {
  if (found.reason === 'outside') {
    const remedy = 'Keep bodies inside of the site; symbolic links count as what they point to.';
    return { rule: 'path-outside', message: `${named} is outside of the site`, remedy };
  }
  if (found.reason === 'not-a-file') return { rule: 'missing-file', message: `${named} is not a file` };
  const remedy = suggestion(found.near) ?? 'Paths are relative to this YAML file; /x is from the site root.';
  return { rule: 'missing-file', message: `There is no file ${named}`, remedy };
}
