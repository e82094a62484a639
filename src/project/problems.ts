import type { Origin, Problem } from '../errors.js';
import { excerpt } from '../lib/source-text.js';
import { originAt, type Field, type YamlSource } from './field.js';
import { setsSecret } from './secret-text.js';

/** What a finding is about, before it has a place. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly severity?: Problem['severity'];
  /** `kind/name` */
  readonly endpoint?: string | undefined;
}

const longestExcerptLine = 200;

/** The line and caret of a place in a YAML file; undefined where it may show a secret or the line is too long to help. */
export function excerptAt(source: YamlSource, offset: number): string | undefined {
  if (source.confidential) return undefined;
  const origin = originAt(source, 0);
  const text = excerpt({ text: source.text, origin, indent: 0 }, Math.min(offset, source.text.length));
  const isBlank = text.trimStart().startsWith('^');
  const isHidden = isBlank || text.length > 2 * longestExcerptLine || setsSecret(text);
  return isHidden ? undefined : text.replaceAll('\r', '');
}

/** A problem at an offset of a YAML file. */
export function problemAt(source: YamlSource, offset: number, finding: Finding): Problem {
  const shown = excerptAt(source, offset);
  return { ...problem(originAt(source, offset), finding), ...(shown !== undefined && { excerpt: shown }) };
}

/** A problem with a value. */
export function problemOf(field: Field, finding: Finding): Problem {
  return problemAt(field.source, field.start, finding);
}

/** A problem with a key, or with a value that has none. */
export function problemOfKey(field: Field, finding: Finding): Problem {
  return problemAt(field.source, field.keyStart ?? field.start, finding);
}

/** A problem at a place whose text is not at hand. */
export function problem(origin: Origin, finding: Finding): Problem {
  const { rule, message, remedy, severity = 'error', endpoint } = finding;
  return {
    severity,
    rule,
    message,
    origin,
    ...(remedy !== undefined && { remedy }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

/** `did you mean "x"?`, or nothing. */
export function suggestion(candidate: string | undefined): string | undefined {
  return candidate === undefined ? undefined : `Did you mean "${candidate}"?`;
}

/** Problems by file, line, column, each only once. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const key = ({ origin, rule, message }: Problem): string =>
    [origin.file, origin.line, origin.column, rule, message].join('\0');
  const unique = new Map(problems.map((each) => [key(each), each]));
  return [...unique.values()].sort(
    (a, b) =>
      (a.origin.file < b.origin.file ? -1 : Number(a.origin.file > b.origin.file)) ||
      a.origin.line - b.origin.line ||
      a.origin.column - b.origin.column,
  );
}
