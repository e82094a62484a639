import type { Origin } from '../errors.js';

/** From `offset` on, the characters of a text stand in the file one after the other, beginning at `line` and `column`. */
export interface Segment {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/**
 * A text that an author wrote in another language (SQL, CEL, a template), with the place of its first character, so that
 * offsets in it can be translated back (`locate`). `indent` is the column offset of its later lines: the
 * indentation of a YAML block scalar, 0 for a whole file. `segments`, sorted by offset, is there when the file shows the
 * text in another shape (folded lines, escapes in quotes), and then decides.
 */
export interface SourceText {
  readonly text: string;
  readonly origin: Origin;
  readonly indent: number;
  readonly segments?: readonly Segment[];
}

/** The place of the character at `offset` (UTF-16 units) of a text. */
export function locate(source: SourceText, offset: number): Origin {
  const { file, line, column } = source.origin;
  const segment = source.segments?.findLast((candidate) => candidate.offset <= offset);
  if (segment !== undefined)
    return { file, line: segment.line, column: segment.column + offset - segment.offset };
  if (source.segments !== undefined) return source.origin;
  const before = source.text.slice(0, offset);
  const lineBreaks = before.split('\n').length - 1;
  if (lineBreaks === 0) return { file, line, column: column + offset };
  const lastBreak = before.lastIndexOf('\n');
  return { file, line: line + lineBreaks, column: source.indent + offset - lastBreak };
}

/** The line around `offset` with a caret below it, for people. */
export function excerpt(source: SourceText, offset: number): string {
  const start = source.text.lastIndexOf('\n', offset - 1) + 1;
  const end = source.text.indexOf('\n', offset);
  const line = source.text.slice(start, end === -1 ? undefined : end);
  return `${line}\n${' '.repeat(Math.max(0, offset - start))}^`;
}
