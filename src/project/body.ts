import { dirname, extname } from 'node:path';
import type { Problem } from '../errors.js';
import type { SqlBody } from '../model/endpoint.js';
import { at, stringOf, type Field } from './field.js';
import { problemOf } from './problems.js';
import { sourceTextOf } from './scalar-text.js';
import { confinedFile, shownPath, type ConfinedPath } from './site-paths.js';
import { readText } from './yaml-file.js';

const languageOf: Readonly<Record<string, string>> = {
  '.py': 'python',
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.js': 'typescript',
  '.mjs': 'typescript',
  '.sql': 'sql',
};

/** The field that decides the language of a body, and the language: said by `source`, by the endpoint, or by the file name. */
function bodyLanguage(object: Field): { readonly language: string; readonly field: Field } {
  const source = at(object, 'source');
  for (const field of [at(source, 'language'), at(object, 'language')]) {
    const language = stringOf(field);
    if (field !== undefined && language !== undefined) return { language, field };
  }
  const file = at(source, 'file');
  const extension = extname(stringOf(file) ?? '').toLowerCase();
  const language = Object.hasOwn(languageOf, extension) ? languageOf[extension] : undefined;
  return { language: language ?? 'sql', field: file ?? source ?? object };
}

/** Reads the SQL body of an endpoint from its file or block. Undefined, with a problem, when there is none to run. */
export async function buildBody(
  root: string,
  object: Field,
  problems: Problem[],
): Promise<SqlBody | undefined> {
  const { language, field } = bodyLanguage(object);
  if (language !== 'sql') {
    problems.push(problemOf(field, otherLanguage(language, stringOf(at(object, 'source', 'file')))));
    return undefined;
  }
  const code = at(object, 'source', 'code');
  const file = at(object, 'source', 'file');
  if (code !== undefined && file === undefined) return inlineBody(code, problems);
  return file === undefined || code !== undefined ? undefined : await fileBody(root, file, problems);
}

function otherLanguage(
  language: string,
  file: string | undefined,
): { rule: string; message: string; remedy: string } {
  const named = file === undefined ? 'This body' : `The body ${file}`;
  if (language === 'python') {
    const remedy =
      'Port it to SQL: docs/migrate.md shows how. `enabled: false` leaves the endpoint out until then.';
    return { rule: 'python-body', message: `${named} is Python, which this program does not run`, remedy };
  }
  const remedy = 'Write it in SQL, or leave the endpoint out with `enabled: false`.';
  return {
    rule: 'not-available',
    message: `${named} is TypeScript, which is not available yet: it comes with a later version`,
    remedy,
  };
}

function inlineBody(field: Field, problems: Problem[]): SqlBody | undefined {
  const text = stringOf(field);
  if (text === undefined) return undefined;
  if (text.trim() === '')
    problems.push(problemOf(field, { rule: 'empty-body', message: 'There is no SQL here' }));
  return { language: 'sql', source: sourceTextOf(field) };
}

async function fileBody(root: string, field: Field, problems: Problem[]): Promise<SqlBody | undefined> {
  const named = stringOf(field);
  if (named === undefined) return undefined;
  const found = await confinedFile(root, dirname(field.source.path), named);
  if (!found.ok) {
    problems.push(problemOf(field, unusableFile(named, found)));
    return undefined;
  }
  const origin = { file: shownPath(root, found.path), line: 1, column: 1 };
  try {
    const text = await readText(found.path);
    if (text.trim() === '')
      problems.push(problemOf(field, { rule: 'empty-body', message: `${named} is empty` }));
    return { language: 'sql', source: { text, origin, indent: 0 } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown error';
    problems.push(problemOf(field, { rule: 'unreadable-file', message: `Cannot read ${named}: ${reason}` }));
    return undefined;
  }
}

/** Says why a file that an author named cannot be used. */
export function unusableFile(
  named: string,
  { reason }: ConfinedPath & { ok: false },
): { rule: string; message: string; remedy?: string } {
  if (reason === 'outside') {
    const remedy = 'Keep bodies inside of the site; symbolic links count as what they point to.';
    return { rule: 'path-outside', message: `${named} is outside of the site`, remedy };
  }
  if (reason === 'not-a-file') return { rule: 'missing-file', message: `${named} is not a file` };
  const remedy = 'Paths are relative to this YAML file; /x is from the site root.';
  return { rule: 'missing-file', message: `There is no file ${named}`, remedy };
}
