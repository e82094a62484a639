import { basename, dirname, extname } from 'node:path';
import type { Problem } from '../errors.js';
import type { SqlBody, TypeScriptBody } from '../model/endpoint.js';
import { at, originOf, stringOf, type Field } from './field.js';
import { problemOf, type Finding } from './problems.js';
import { sourceTextOf } from './scalar-text.js';
import { siteText, type SiteText } from './site-text.js';

const languageOf: Readonly<Record<string, string>> = {
  '.py': 'python',
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.tsx': 'typescript',
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
  return { language: fileLanguage(file) ?? 'sql', field: file ?? source ?? object };
}

function fileLanguage(file: Field | undefined): string | undefined {
  const extension = extname(stringOf(file) ?? '').toLowerCase();
  return Object.hasOwn(languageOf, extension) ? languageOf[extension] : undefined;
}

/** Lines that begin a module, and no statement of SQL. */
const beginsModule = /^\s*(?:import\b[^;]*\bfrom\s*['"]|export\s+(?:default|async|function|const)\b)/m;

/** What is wrong where a body is in another language than the one that it is taken for. */
function otherLanguage(object: Field, language: string): Finding | undefined {
  const file = at(object, 'source', 'file');
  const actual = fileLanguage(file) ?? language;
  const rule = 'wrong-language';
  if (actual !== language) {
    const message = `This says ${language}, and ${stringOf(file) ?? ''} is ${actual} by its name`;
    return { rule, message, remedy: 'Leave `language` out: the name of the file says it.' };
  }
  const code = stringOf(at(object, 'source', 'code')) ?? '';
  if (language !== 'sql' || !beginsModule.test(code)) return undefined;
  return {
    rule,
    message: 'This body is TypeScript, and taken for SQL',
    remedy: 'Say `language: typescript` beside `source`.',
  };
}

/**
 * Reads the body of an endpoint from its file or block. Undefined, with a problem, when none is named; without text, with a
 * problem, when its file cannot be taken. `exportName`: what the body of a TypeScript module is called; of a file also its
 * stem, when that is undefined.
 */
export async function buildBody(
  root: string,
  object: Field,
  exportName: string | undefined,
  problems: Problem[],
): Promise<SqlBody | TypeScriptBody | undefined> {
  const { language, field } = bodyLanguage(object);
  if (language === 'python') {
    problems.push(problemOf(field, pythonBody(stringOf(at(object, 'source', 'file')))));
    return { language: 'typescript', source: untaken(field).source, file: '', exportNames: [] };
  }
  const wrong = otherLanguage(object, language);
  if (wrong !== undefined) {
    problems.push(problemOf(field, wrong));
    return undefined;
  }
  const text = await bodyText(root, object, language === 'sql' ? 'SQL' : 'TypeScript', problems);
  if (text === undefined) return undefined;
  const { source, path } = text;
  if (language === 'sql') return { language: 'sql', source };
  const names = [exportName ?? basename(path, extname(path))];
  return { language: 'typescript', source, file: path, exportNames: names };
}

function bodyText(
  root: string,
  object: Field,
  title: string,
  problems: Problem[],
): Promise<SiteText | undefined> | SiteText | undefined {
  const code = at(object, 'source', 'code');
  const file = at(object, 'source', 'file');
  if (code !== undefined && file === undefined) return inlineBody(code, title, problems);
  return file === undefined || code !== undefined ? undefined : fileBody(root, file, problems);
}

function pythonBody(file: string | undefined): { rule: string; message: string; remedy: string } {
  const named = file === undefined ? 'This body' : `The body ${file}`;
  const remedy =
    'Port it to SQL: docs/migrate.md shows how. Or to TypeScript: docs/port-python.md. `enabled: false` leaves the endpoint out until then.';
  return { rule: 'python-body', message: `${named} is Python, which this program does not run`, remedy };
}

function inlineBody(field: Field, title: string, problems: Problem[]): SiteText | undefined {
  const text = stringOf(field);
  if (text === undefined) return undefined;
  if (text.trim() === '')
    problems.push(problemOf(field, { rule: 'empty-body', message: `There is no ${title} here` }));
  return { source: sourceTextOf(field), path: field.source.path };
}

/** Stands for a file that cannot be taken: what the endpoint declares is known without it. */
function untaken(field: Field): SiteText {
  return { source: { text: '', origin: originOf(field), indent: 0 }, path: '' };
}

async function fileBody(root: string, field: Field, problems: Problem[]): Promise<SiteText> {
  const found = await siteText(root, dirname(field.source.path), field, problems);
  if (found?.source.text.trim() === '')
    problems.push(problemOf(field, { rule: 'empty-body', message: `${stringOf(field) ?? ''} is empty` }));
  return found ?? untaken(field);
}
