import { visit, type Document, type YAMLError } from 'yaml';
import type { Problem } from '../errors.js';
import type { YamlSource } from './field.js';
import { problemAt } from './problems.js';

/** Every duplicate key and unknown tag, but only the first syntax error: those behind it mostly follow from it. */
export function syntaxProblems(source: YamlSource, document: Document): readonly Problem[] {
  const { errors, warnings } = document;
  const duplicates = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  const shown = first === undefined ? [...duplicates, ...warnings] : [...duplicates, first];
  return [...otherVersion(source, document), ...shown.map((error) => syntaxProblem(source, document, error))];
}

/** A `%YAML 1.1` would bring back `yes`, `012` and dates, which these files read as texts and numbers of YAML 1.2. */
function otherVersion(source: YamlSource, { directives }: Document): readonly Problem[] {
  if (directives === undefined || directives.yaml.version === '1.2') return [];
  const message = `This file says that it is YAML ${directives.yaml.version}, and is read as YAML 1.2`;
  const remedy = 'Remove the %YAML line.';
  return [problemAt(source, source.text.indexOf('%YAML'), { rule: 'yaml-version', message, remedy })];
}

function syntaxProblem(source: YamlSource, document: Document, error: YAMLError): Problem {
  const [start] = error.pos;
  if (error.code === 'DUPLICATE_KEY') {
    const message = 'This key is there twice in one map';
    return problemAt(source, start, { rule: 'duplicate-key', message, remedy: 'Keep one of them.' });
  }
  if (error.code === 'MULTIPLE_DOCS') {
    const message = 'This file has several YAML documents, and one is allowed';
    const remedy = 'Give each a file of its own; `---` begins a new document.';
    return problemAt(source, start, { rule: 'several-documents', message, remedy });
  }
  if (error.code === 'TAG_RESOLVE_FAILED' && source.text[start] === '!') return unquotedTag(source, start);
  const words = source.confidential ? error.code.toLowerCase().replaceAll('_', ' ') : error.message;
  return problemAt(source, error.code === 'MISSING_CHAR' ? openingQuote(document, start) : start, {
    rule: 'yaml-syntax',
    message: `This is not valid YAML: ${words}`,
    remedy: remedyOf(error, restOfLine(source, start)),
  });
}

/** Where the quoted text begins that has no end; YAML says where it gave up looking for it. */
function openingQuote(document: Document, end: number): number {
  let opening = end;
  visit(document, {
    Scalar: (_key, { range, type }) => {
      if (range?.[1] === end && type?.startsWith('QUOTE') === true) [opening] = range;
    },
  });
  return opening;
}

const sameColumn = 'Give all keys of one map the same indentation.';
const quoteAll = 'Put all of the text in quotes.';

/** What to do about the slips that authors make. `rest`: the line from the place of the error on. */
function remedyOf({ code, message }: YAMLError, rest: string): string | undefined {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'Indent with spaces.';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return rest.includes(': ') ? 'A text with `: ` in it needs quotes.' : sameColumn;
    case 'MULTILINE_IMPLICIT_KEY':
    case 'MISSING_CHAR':
      if (message.startsWith('Missing closing')) return 'Close the quote.';
      if (message.startsWith('Sequence')) return sameColumn;
      return 'A key needs a colon and a space behind it.';
    case 'BAD_DQ_ESCAPE':
      return 'Use single quotes: in them a backslash means itself.';
    case 'NON_STRING_KEY':
    case 'BAD_SCALAR_START':
      return quoteAll;
    case 'UNEXPECTED_TOKEN':
      if (message.startsWith('Block scalar header')) return 'Begin the text on the next line.';
      return message.startsWith('Unexpected scalar') ? quoteAll : undefined;
    default:
      return undefined;
  }
}

function restOfLine({ text }: YamlSource, start: number): string {
  return text.slice(start).split('\n', 1)[0] ?? '';
}

/** For `condition: !('x' in user.roles)`: YAML takes the `!` for a tag and not for a part of the text. */
function unquotedTag(source: YamlSource, start: number): Problem {
  const lineStart = source.text.lastIndexOf('\n', start) + 1;
  const key = source.text.slice(lineStart, start);
  const text = restOfLine(source, start).trim();
  const isWhole = /^\s*(?:- )?\w+:\s+$/.test(key) && !source.confidential && text.length <= 200;
  const quoted = /["\\]/.test(text) ? `'${text.replaceAll("'", "''")}'` : `"${text}"`;
  return problemAt(source, start, {
    rule: 'yaml-syntax',
    message: 'This is not valid YAML: a text that begins with `!` needs quotes',
    remedy: isWhole ? `Write: ${key.trim()} ${quoted}` : 'Put all of it in quotes.',
  });
}
