import type { ASTNode } from '@marcbachmann/cel-js';
import { bool, double, duration, dyn, int, string, stringList, timestamp, type CelType } from './cel-type.js';
import { elementBudget, spend, spendText, type Frame } from './frame.js';
import { fail } from './not-evaluable.js';
import { durationPart, durationParts, parseDate, parseDuration, parseTimestamp, startOfDay } from './time.js';
import { timestampPart, timestampParts } from './time.js';
import {
  createInstant,
  isList,
  kindOf,
  type Instant,
  type Span,
  type Value,
  type ValueKind,
} from './value.js';

interface Call {
  readonly frame: Frame;
  readonly node: ASTNode;
}

/** One form of a function; of a method, the receiver is the first operand. */
export interface Overload {
  readonly kinds: readonly (ValueKind | 'any')[];
  readonly result: CelType;
  readonly apply: (operands: readonly Value[], call: Call) => Value;
}

const table = new Map<string, Overload[]>();

function define(name: string, kinds: Overload['kinds'], result: CelType, apply: Overload['apply']): void {
  const key = `${name}/${kinds.length}`;
  table.set(key, [...(table.get(key) ?? []), { kinds, result, apply }]);
}

function payReading({ frame, node }: Call, text: string): void {
  spendText(frame, text, node);
}

/** Replacing calls a function for each letter. */
function payReplacing({ frame, node }: Call, text: string): void {
  spendText(frame, text, node, 32);
}

const comparisonsPerElement = 2048;

/** A hostile part is compared at every place of the text, nearly to its end. */
function paySearching({ frame, node }: Call, text: string, part: string): void {
  spendText(frame, text, node);
  spend(frame, (Math.max(0, text.length - part.length + 1) * part.length) / comparisonsPerElement, node);
}

/** Defines a function of strings only (`.name`: a method of a string). */
function defineText(
  name: string,
  count: number,
  result: CelType,
  apply: (text: string, other: string) => Value | undefined,
  pay: (call: Call, text: string, other: string) => void = payReading,
): void {
  const kinds = Array.from({ length: count }, () => 'string' as const);
  define(name, kinds, result, (operands, call) => {
    const [text = '', other = ''] = operands.filter((operand) => typeof operand === 'string');
    pay(call, text, other);
    return (
      apply(text, other) ?? fail(call.node, `\`${name}\` of a string that is not of the form that it needs`)
    );
  });
}

function codePoints(text: string): number {
  let points = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) points += 1;
  return points;
}

function toNumber(text: string): number | undefined {
  if (text.length > 40 || !/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

function toInteger(text: string): number | undefined {
  const number = /^[+-]?\d{1,20}$/.test(text) ? Number(text) : undefined;
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
}

function toBool(text: string): boolean | undefined {
  if (['true', 'TRUE', 'True', 't', '1'].includes(text)) return true;
  return ['false', 'FALSE', 'False', 'f', '0'].includes(text) ? false : undefined;
}

function defineSizes(): void {
  for (const name of ['size', '.size']) {
    defineText(name, 1, int, codePoints);
    define(name, ['list'], int, ([list = null]) => (isList(list) ? list.length : 0));
    define(name, ['map'], int, ([map = null], { frame, node }) => {
      const { length } = Object.keys(map as object);
      spend(frame, length, node);
      return length;
    });
  }
}

function defineConversions(): void {
  define('dyn', ['any'], dyn, ([value = null]) => value);
  defineText('string', 1, string, (text) => text);
  define('string', ['number'], string, ([number]) => (number as number).toString());
  define('string', ['bool'], string, ([flag]) => (flag as boolean).toString());
  defineText('int', 1, int, (text) => toInteger(text));
  define('int', ['number'], int, ([value], { node }) => {
    const integer = Math.trunc(value as number);
    return Number.isSafeInteger(integer) ? integer : fail(node, 'integer overflow');
  });
  defineText('double', 1, double, (text) => toNumber(text));
  define('double', ['number'], double, ([number = null]) => number);
  defineText('bool', 1, bool, (text) => toBool(text));
  define('bool', ['bool'], bool, ([flag = null]) => flag);
}

function defineStrings(): void {
  defineText('.contains', 2, bool, (text, part) => text.includes(part), paySearching);
  defineText('.startsWith', 2, bool, (text, part) => text.startsWith(part));
  defineText('.endsWith', 2, bool, (text, part) => text.endsWith(part));
  defineText(
    '.lowerAscii',
    1,
    string,
    (text) => text.replace(/[A-Z]/g, (c) => c.toLowerCase()),
    payReplacing,
  );
  defineText(
    '.upperAscii',
    1,
    string,
    (text) => text.replace(/[a-z]/g, (c) => c.toUpperCase()),
    payReplacing,
  );
  defineText('.trim', 1, string, (text) => text.trim());
  defineText('.indexOf', 2, int, (text, part) => text.indexOf(part), paySearching);
  defineText('.lastIndexOf', 2, int, (text, part) => text.lastIndexOf(part), paySearching);
  define('.split', ['string', 'string'], stringList, ([text, separator], call) => {
    const { frame, node } = call;
    paySearching(call, text as string, separator as string);
    const parts = (text as string).split(separator as string, elementBudget + 1);
    spend(frame, parts.length, node);
    return parts;
  });
  define('.join', ['list'], string, ([list = null], call) => join(list, '', call));
  define('.join', ['list', 'string'], string, ([list = null, by], call) => join(list, by as string, call));
  define('.substring', ['string', 'number'], string, ([text, from], { node }) =>
    substring(text as string, from as number, (text as string).length, node),
  );
  define('.substring', ['string', 'number', 'number'], string, ([text, from, to], { node }) =>
    substring(text as string, from as number, to as number, node),
  );
}

function join(list: Value, separator: string, { frame, node }: Call): string {
  const items = isList(list) ? list : [];
  spend(frame, items.length, node);
  const texts = items.map((item) =>
    typeof item === 'string' ? item : fail(node, `\`join\` of ${kindOf(item)}`),
  );
  for (const text of texts) spend(frame, (text.length + separator.length) / 1024, node);
  return texts.join(separator);
}

function substring(text: string, from: number, to: number, node: ASTNode): string {
  const valid =
    Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && to >= from && to <= text.length;
  return valid ? text.slice(from, to) : fail(node, '`substring` out of bounds');
}

function defineTimes(): void {
  defineText('timestamp', 1, timestamp, (text) => parseTimestamp(text));
  define('timestamp', ['timestamp'], timestamp, ([time = null]) => time);
  define('timestamp', ['number'], timestamp, ([seconds], { node }) => {
    const micros = Math.round((seconds as number) * 1_000_000);
    return Number.isSafeInteger(micros)
      ? createInstant(BigInt(micros))
      : fail(node, 'timestamp out of range');
  });
  defineText('date', 1, timestamp, (text) => parseDate(text));
  define('date', ['timestamp'], timestamp, ([time]) => startOfDay(time as Instant));
  defineText('duration', 1, duration, (text) => parseDuration(text));
  for (const part of timestampParts) {
    const read = ([time, zone]: readonly Value[], { node }: Call): Value =>
      timestampPart(time as Instant, part, zone as string | undefined) ??
      fail(node, 'timestamp out of range');
    define(`.${part}`, ['timestamp'], int, read);
    define(`.${part}`, ['timestamp', 'string'], int, read);
  }
  for (const part of durationParts)
    define(`.${part}`, ['duration'], int, ([span]) => durationPart(span as Span, part));
}

defineSizes();
defineConversions();
defineStrings();
defineTimes();

/** The forms of a function (`size`) or method (`.size`) with this number of operands, receiver included. */
export function overloadsOf(name: string, operands: number): readonly Overload[] {
  return table.get(`${name}/${operands}`) ?? [];
}

/** The names of all functions and methods (methods with a leading dot). */
export function functionNames(): string[] {
  return [...new Set([...table.keys()].map((key) => key.slice(0, key.lastIndexOf('/'))))];
}
