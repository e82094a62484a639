import type { LineCounter } from 'yaml';
import type { Origin } from '../errors.js';
import type { Json } from '../model/json.js';

/** The text of one YAML file. `confidential`: it may hold secrets, so problems never quote it. */
export interface YamlSource {
  /** As it is shown: relative to the site root, absolute outside of it. */
  readonly file: string;
  readonly path: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly confidential: boolean;
  /** True for the files in which `${…}` is expanded: the site file and the user config. */
  readonly expandable: boolean;
}

export type ScalarStyle = 'plain' | 'single-quoted' | 'double-quoted' | 'literal' | 'folded';

/**
 * One value of a YAML file with its place. `data` is the plain JSON value (maps have no prototype, integers outside
 * ±(2^53-1) are strings of digits); exactly one of `entries`, `items`, `style` is there.
 */
export interface Field {
  readonly data: Json;
  readonly source: YamlSource;
  /** Where the value starts and ends in the source. */
  readonly start: number;
  readonly end: number;
  /** Where its key starts, when it is the value of a map. */
  readonly keyStart?: number;
  readonly entries?: ReadonlyMap<string, Field>;
  readonly items?: readonly Field[];
  readonly style?: ScalarStyle;
  /** True when `${…}` or a secret reference was replaced here or below: its value is never quoted. */
  readonly replaced?: boolean;
}

/** The place of a character of a YAML file. */
export function originAt(source: YamlSource, offset: number): Origin {
  const { line, col } = source.lines.linePos(offset);
  return { file: source.file, line: Math.max(1, line), column: Math.max(1, col) };
}

/** The place of a value. */
export function originOf(field: Field): Origin {
  return originAt(field.source, field.start);
}

/** The offset of a value's key, or of the value itself where it has none. */
function keyOffset(field: Field): number {
  return field.keyStart ?? field.start;
}

/** The place of a value's key. */
export function keyOrigin(field: Field): Origin {
  return originAt(field.source, keyOffset(field));
}

/** The value under a key path; undefined where something on the way is missing, null or not a map. */
export function at(field: Field | undefined, ...path: readonly string[]): Field | undefined {
  let current = field;
  for (const key of path) current = current?.entries?.get(key);
  return current?.data === null ? undefined : current;
}

/** The entries of a map; none for anything else. */
export function entriesOf(field: Field | undefined): readonly (readonly [string, Field])[] {
  return field?.entries === undefined ? [] : [...field.entries];
}

/** The items of a list; a single value counts as a list of one (spec page 02, "Accepted for compatibility"). */
export function itemsOf(field: Field | undefined): readonly Field[] {
  if (field === undefined || field.data === null) return [];
  return field.items ?? [field];
}

/** The text of a string; undefined for anything else. */
export function stringOf(field: Field | undefined): string | undefined {
  return typeof field?.data === 'string' ? field.data : undefined;
}

/** The value of a number; undefined for anything else. */
export function numberOf(field: Field | undefined): number | undefined {
  return typeof field?.data === 'number' ? field.data : undefined;
}

/** The value of a boolean; undefined for anything else. */
export function booleanOf(field: Field | undefined): boolean | undefined {
  return typeof field?.data === 'boolean' ? field.data : undefined;
}

/** The strings of a list or of a single string; everything else is left out. */
export function stringsOf(field: Field | undefined): readonly string[] {
  return itemsOf(field).flatMap((item) => stringOf(item) ?? []);
}

/** The words of a list with where each stands; those of a single text are separated by commas or spaces, as in an environment variable. */
export function namedWordsOf(
  field: Field | undefined,
): readonly { readonly word: string; readonly field: Field }[] {
  return itemsOf(field).flatMap((item) => {
    const text = stringOf(item) ?? '';
    const words = field?.items === undefined ? text.split(/[\s,]+/) : [text.trim()];
    return words.flatMap((word) => (word === '' ? [] : [{ word, field: item }]));
  });
}

/** The words of a list, or of a single text. */
export function wordsOf(field: Field | undefined): readonly string[] {
  return namedWordsOf(field).map(({ word }) => word);
}

/** A JSON object without prototype. */
export function jsonObject(entries: Iterable<readonly [string, Json]>): Record<string, Json> {
  const object = Object.create(null) as Record<string, Json>;
  for (const [key, value] of entries) object[key] = value;
  return object;
}
