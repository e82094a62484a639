import { RE2JS } from '@bufbuild/re2';

/** A regular expression that no `pattern` may be. The message says why, for its author. */
export class PatternError extends Error {}

const maxLength = 1000;
const maxInstructions = 1500;
/** RE2's automaton remembers a state per character that it meets: after so many characters it starts anew. */
const renewAfter = 1_000_000;

/** ECMAScript's `\s`, as the inside of a character class. */
const space = String.raw`\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const notSpace =
  String.raw`\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}` +
  String.raw`\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`;
const lineEnds = String.raw`\n\r\x{2028}\x{2029}`;

const escape =
  /\\(?:u\{[0-9a-fA-F]+\}|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|[pP]\{[^}]*\}|[^])/y;
const rune = (codePoint: number): string => String.raw`\x{${codePoint.toString(16)}}`;

function runeOfEscape(token: string): string {
  const units = token.startsWith(String.raw`\u{`)
    ? String.fromCodePoint(parseInt(token.slice(3, -1), 16))
    : String.fromCharCode(
        ...token
          .split(/\\[ux]/)
          .slice(1)
          .map((hex) => parseInt(hex, 16)),
      );
  return rune(units.codePointAt(0) ?? 0);
}

const scriptProperty = /^\{(?:Script|sc)=(\w+)\}$/;
const categoryProperty = /^\{(?:(?:General_Category|gc)=)?([A-Z][a-z]?)\}$/;

function property(token: string): string {
  const name = token.slice(2);
  const value = scriptProperty.exec(name)?.[1] ?? categoryProperty.exec(name)?.[1];
  if (value === undefined)
    throw new PatternError(`${token} is not supported; use a general category or a script`);
  return `${token.slice(0, 2)}{${value}}`;
}

function translateEscape(token: string, inClass: boolean): string {
  const kind = token.charAt(1);
  if (kind === 's') return inClass ? space : `[${space}]`;
  if (kind === 'S') return inClass ? notSpace : `[${notSpace}]`;
  if (kind === 'u' || kind === 'x') return runeOfEscape(token);
  if (kind === 'c') return rune(token.charCodeAt(2) % 32);
  if (kind === 'p' || kind === 'P') return property(token);
  if (kind === '0') return rune(0);
  if (kind === 'b' && inClass) return rune(8);
  if (/[1-9k]/.test(kind)) throw new PatternError('back references cannot be matched in linear time');
  return token;
}

/** The start of a group, when it is one of those that ECMAScript and RE2 share. */
function groupStart(source: string, at: number): string {
  if (source.charAt(at + 1) !== '?') return '(';
  if (source.startsWith('(?:', at)) return '(?:';
  const named = /^\(\?<[A-Za-z_]\w*>/.exec(source.slice(at, at + 100));
  if (named) return `(`.padEnd(named[0].length);
  throw new PatternError('look-around and inline flags cannot be used');
}

/** The same expression in RE2's words: both dialects differ in `.`, `\s`, escapes, and empty and nested classes. */
function translate(source: string): string {
  let out = '';
  let inClass = false;
  for (let at = 0; at < source.length;) {
    const [token, replacement, next] = step(source, at, inClass);
    out += replacement;
    at += token;
    inClass = next;
  }
  return out;
}

type Step = readonly [length: number, replacement: string, inClass: boolean];

function step(source: string, at: number, inClass: boolean): Step {
  const char = source.charAt(at);
  if (char === '\\') {
    escape.lastIndex = at;
    const token = escape.exec(source)?.[0] ?? char;
    return [token.length, translateEscape(token, inClass), inClass];
  }
  if (inClass) return [1, char === '[' ? String.raw`\[` : char, char !== ']'];
  if (char === '[') return classStart(source, at);
  if (char === '.') return [1, `[^${lineEnds}]`, false];
  if (char !== '(') return [1, char, false];
  const start = groupStart(source, at);
  return [start.length, start.trimEnd(), false];
}

function classStart(source: string, at: number): Step {
  if (source.startsWith('[^]', at)) return [3, String.raw`[\x{0}-\x{10ffff}]`, false];
  if (source.startsWith('[]', at)) return [2, String.raw`[^\x{0}-\x{10ffff}]`, false];
  return source.startsWith('[^', at) ? [2, '[^', true] : [1, '[', true];
}

function assertEcmaScript(source: string): void {
  try {
    new RegExp(source, 'u');
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*\/u: /s, '') : 'it does not parse';
    throw new PatternError(`not a regular expression of JSON Schema (ECMAScript, Unicode mode): ${reason}`);
  }
}

/**
 * Compiles a `pattern` of JSON Schema: ECMAScript syntax and meaning in Unicode mode, unanchored, run on RE2, so that no
 * pattern and no text can take more than linear time (at worst 50 µs a character, usually 0.05 µs), nor collect memory.
 * Throws `PatternError` for what RE2 cannot run (look-around, back references), for what is too big, and for what is not
 * a regular expression at all.
 */
export function compilePattern(source: string): (text: string) => boolean {
  if (source.length > maxLength) throw new PatternError(`longer than ${maxLength} characters`);
  assertEcmaScript(source);
  return compileRe2(translate(source));
}

/**
 * Compiles an expression of RE2's own dialect, unanchored, to a test that takes linear time and collects no memory,
 * whatever texts it meets. Throws `PatternError` for what RE2 does not know, and for what is too big.
 */
export function compileRe2(expression: string): (text: string) => boolean {
  let re2 = toRe2(expression);
  let read = 0;
  return (text) => {
    read += text.length;
    if (read > renewAfter) {
      re2 = toRe2(expression);
      read = 0;
    }
    return re2.test(text);
  };
}

function toRe2(expression: string): RE2JS {
  const re2 = parseRe2(expression);
  if (re2.re2().prog.numInst() > maxInstructions) throw new PatternError('too many repetitions');
  return re2;
}

function parseRe2(expression: string): RE2JS {
  try {
    return new RE2JS(expression);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : 'unknown';
    throw new PatternError(`it cannot be run in linear time (${reason})`, { cause: error });
  }
}
