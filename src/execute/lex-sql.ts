/** A token of an SQL text. `text` of a quoted identifier or a string is its content; identifiers keep their case. */
export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'string' | 'parameter' | 'number' | 'symbol';
  readonly text: string;
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/** One statement of a body: its text without the semicolon, where it begins, and its tokens. */
export interface SqlSegment {
  readonly text: string;
  readonly start: number;
  readonly tokens: readonly SqlToken[];
}

/** What DuckDB takes for a blank beyond ASCII; all else there is a letter. */
const blanks = '\\u00a0\\u2000-\\u200b\\u202f\\u205f\\u2060\\u3000\\ufeff';
const beyond = '\\u{80}-\\u{10ffff}';
const word = new RegExp(`(?![\\d$${blanks}])(?:(?![${blanks}])[\\w$${beyond}])+`, 'uy');
const number = /\d[\w.]*/y;
const parameter = /\$[\p{L}_][\p{L}\p{N}_]*|\$\d+|\?/uy;
const dollarQuote = new RegExp(`\\$(?:(?!\\d)[\\w${beyond}]+)?\\$`, 'uy');
const space = new RegExp(`[ \\t-\\r${blanks}]+`, 'uy');
const lineEnd = /[\n\r]/g;
const escapeString = /[eE](?=')/y;

/**
 * Splits an SQL text into tokens by DuckDB's lexical rules (PostgreSQL's): comments are dropped (block comments nest),
 * strings and dollar quotes are one token. An unterminated quote runs to the end: DuckDB will refuse it.
 */
export function lexSql(text: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < text.length) {
    const token = nextToken(text, at);
    if (token.kind !== 'space') tokens.push({ ...token, kind: token.kind });
    at = token.end;
  }
  return tokens;
}

type Lexed = Omit<SqlToken, 'kind'> & { readonly kind: SqlToken['kind'] | 'space' };

function nextToken(text: string, start: number): Lexed {
  const char = text.charAt(start);
  const two = text.slice(start, start + 2);
  if (two === '--') return span('space', text, start, endOfLine(text, start + 2));
  if (two === '/*') return span('space', text, start, endOfBlockComment(text, start));
  if (char === "'") return quotedToken('string', text, start, start, false);
  if (char === '"') return quotedToken('quoted', text, start, start, false);
  if (match(escapeString, text, start) !== undefined)
    return quotedToken('string', text, start, start + 1, true);
  return dollarToken(text, start) ?? plainToken(text, start);
}

function plainToken(text: string, start: number): Lexed {
  for (const [kind, pattern] of [
    ['space', space],
    ['word', word],
    ['number', number],
    ['parameter', parameter],
  ] as const) {
    const end = match(pattern, text, start);
    if (end !== undefined) return span(kind, text, start, end);
  }
  return span('symbol', text, start, start + 1);
}

function dollarToken(text: string, start: number): Lexed | undefined {
  const opened = match(dollarQuote, text, start);
  if (opened === undefined) return undefined;
  const tag = text.slice(start, opened);
  const close = text.indexOf(tag, opened);
  const contentEnd = close === -1 ? text.length : close;
  const end = close === -1 ? text.length : close + tag.length;
  return { kind: 'string', text: text.slice(opened, contentEnd), start, end };
}

function quotedToken(
  kind: 'string' | 'quoted',
  text: string,
  start: number,
  open: number,
  escapes: boolean,
): Lexed {
  const quote = text.charAt(open);
  let at = open + 1;
  let content = '';
  while (at < text.length) {
    const char = text.charAt(at);
    if (escapes && char === '\\') {
      content += text.charAt(at + 1);
      at += 2;
    } else if (char !== quote) {
      content += char;
      at += 1;
    } else if (text.charAt(at + 1) === quote) {
      content += quote;
      at += 2;
    } else {
      return { kind, text: content, start, end: at + 1 };
    }
  }
  return { kind, text: content, start, end: text.length };
}

function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function span(kind: Lexed['kind'], text: string, start: number, end: number): Lexed {
  return { kind, text: text.slice(start, end), start, end };
}

function endOfLine(text: string, from: number): number {
  lineEnd.lastIndex = from;
  return lineEnd.test(text) ? lineEnd.lastIndex : text.length;
}

function endOfBlockComment(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    if (two === '/*') depth += 1;
    else if (two === '*/') depth -= 1;
    at += two === '/*' || two === '*/' ? 2 : 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** Splits a body at its semicolons. Empty statements are dropped. */
export function splitStatements(text: string): SqlSegment[] {
  const segments: SqlSegment[] = [];
  let tokens: SqlToken[] = [];
  const close = (end: number): void => {
    const first = tokens[0];
    if (first) segments.push({ text: text.slice(first.start, end), start: first.start, tokens });
    tokens = [];
  };
  for (const token of lexSql(text)) {
    if (token.kind === 'symbol' && token.text === ';') close(token.start);
    else tokens.push(token);
  }
  close(text.length);
  return segments;
}

const keywordWithTail = new RegExp(`^(\\w+)[${beyond}]+$`, 'u');

/**
 * The first words of a statement, lower-case: `['create', 'temp', 'table']`. The last one of all is without what follows it
 * beyond ASCII, as DuckDB reads it when there is no such word.
 */
export function leadingWords({ tokens }: SqlSegment, count: number): string[] {
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind !== 'word' || words.length === count) break;
    const isLast = token === tokens.at(-1);
    words.push((isLast ? token.text.replace(keywordWithTail, '$1') : token.text).toLowerCase());
  }
  return words;
}

/** The statement that EXPLAIN looks at, because EXPLAIN ANALYZE runs it; any other as it is. */
export function explainedStatement(segment: SqlSegment): SqlSegment {
  const { tokens, text, start } = segment;
  if (leadingWords(segment, 1)[0] !== 'explain') return segment;
  let depth = 0;
  const isOption = ({ kind, text: word }: SqlToken): boolean => {
    if (kind === 'symbol' && word === '(') depth += 1;
    if (kind === 'symbol' && word === ')') depth -= 1;
    return depth > 0 || /^(?:explain|analy[sz]e|verbose|\))$/i.test(word);
  };
  const index = tokens.findIndex((token) => !isOption(token));
  const first = tokens[index];
  if (first === undefined) return segment;
  return { text: text.slice(first.start - start), start: first.start, tokens: tokens.slice(index) };
}
