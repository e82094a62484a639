import type { SourceText, Segment } from '../lib/source-text.js';
import { originAt, originOf, stringOf, type Field } from './field.js';

/**
 * The text of a string value as a source of another language, with a mapping back into the YAML file that holds for plain,
 * quoted, literal and folded scalars. A text in which something was replaced maps to its beginning.
 */
export function sourceTextOf(field: Field): SourceText {
  const text = stringOf(field) ?? '';
  const whole = { text, origin: originOf(field), indent: 0 };
  if (field.replaced === true) return { ...whole, segments: [] };
  if (field.style === 'literal') return literalText(field, text);
  const segments = segmentsOf(field, text);
  const [first] = segments;
  const origin =
    first === undefined ? whole.origin : { ...whole.origin, line: first.line, column: first.column };
  return segments.length === 1 && first?.offset === 0
    ? { text, origin, indent: 0 }
    : { text, origin, indent: 0, segments };
}

/** A literal block keeps its lines: they start on the line after the `|`, each after the same indentation. */
function literalText(field: Field, text: string): SourceText {
  const { file, line } = originOf(field);
  const body = bodyLines(field);
  const written = text.split('\n');
  const index = written.findIndex((each) => each !== '');
  const indent = index === -1 ? 0 : (body[index]?.length ?? 0) - (written[index]?.length ?? 0);
  return { text, origin: { file, line: line + 1, column: indent + 1 }, indent };
}

/** The lines of a block scalar after its header. */
function bodyLines(field: Field): readonly string[] {
  const { text } = field.source;
  return text.slice(text.indexOf('\n', field.start) + 1, field.end).split(/\r?\n/);
}

interface Piece {
  readonly text: string;
  /** Offset in the file. */
  readonly offset: number;
}

function segmentsOf(field: Field, text: string): readonly Segment[] {
  const segments: Segment[] = [];
  let position = 0;
  for (const piece of piecesOf(field)) {
    const found = skipFolding(text, position, piece.text);
    if (found === undefined) continue;
    const { line, column } = originAt(field.source, piece.offset);
    segments.push({ offset: found, line, column });
    position = found + piece.text.length;
  }
  return segments;
}

/** Where a piece continues the text: behind the spaces and line breaks that folding put there. */
function skipFolding(text: string, from: number, piece: string): number | undefined {
  let position = from;
  while (!text.startsWith(piece, position)) {
    if (!/[ \n]/.test(text.charAt(position))) return undefined;
    position++;
  }
  return position;
}

/** The runs of characters that stand in the file as they stand in the text, line by line. */
function piecesOf(field: Field): readonly Piece[] {
  const quoted = field.style === 'single-quoted' || field.style === 'double-quoted';
  const folded = field.style === 'folded';
  const start = folded ? field.source.text.indexOf('\n', field.start) + 1 : field.start + (quoted ? 1 : 0);
  const end = field.end - (quoted ? 1 : 0);
  const pieces: Piece[] = [];
  let offset = start;
  for (const line of field.source.text.slice(start, end).split('\n')) {
    const lead = line.length - line.trimStart().length;
    const content = line.trim();
    if (content !== '') pieces.push(...unquote(content, offset + lead, field.style));
    offset += line.length + 1;
  }
  return pieces;
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};

function unquote(content: string, offset: number, style: Field['style']): readonly Piece[] {
  if (style === 'single-quoted') return splitAt(content, offset, /''/g, () => "'");
  if (style !== 'double-quoted') return [{ text: content, offset }];
  return splitAt(content, offset, /\\(?:x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}|[\s\S]|$)/g, (escape) =>
    escape.length > 2
      ? String.fromCodePoint(Number.parseInt(escape.slice(2), 16))
      : (escapes[escape.slice(1)] ?? ''),
  );
}

/** Splits a line at its escapes, each of which becomes a piece of its own. */
function splitAt(
  content: string,
  offset: number,
  escape: RegExp,
  decode: (escape: string) => string,
): readonly Piece[] {
  const pieces: Piece[] = [];
  let last = 0;
  for (const match of content.matchAll(escape)) {
    if (match.index > last) pieces.push({ text: content.slice(last, match.index), offset: offset + last });
    pieces.push({ text: decode(match[0]), offset: offset + match.index });
    last = match.index + match[0].length;
  }
  if (last < content.length) pieces.push({ text: content.slice(last), offset: offset + last });
  return pieces.filter(({ text }) => text !== '');
}
