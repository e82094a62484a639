import { readFile, stat } from 'node:fs/promises';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Node,
  type Scalar,
} from 'yaml';
import type { Problem } from '../errors.js';
import type { Json } from '../model/json.js';
import { jsonObject, type Field, type ScalarStyle, type YamlSource } from './field.js';
import { problemAt } from './problems.js';
import { syntaxProblems } from './yaml-syntax.js';

const maxFileBytes = 4 * 1024 * 1024;
const maxDepth = 64;
/** Values that aliases may add to a file: far above any honest use, far below a bomb. */
const maxAliasedValues = 20_000;

/** A parsed YAML file. `root` is absent when it cannot be read as one YAML document. */
export interface YamlFile {
  readonly source: YamlSource;
  readonly root?: Field;
  readonly problems: readonly Problem[];
}

/** Where a file is, how it is named in problems, and whether it may hold secrets. */
export interface FileName {
  readonly path: string;
  readonly shown: string;
  readonly confidential?: boolean;
  readonly expandable?: boolean;
}

/** Reads and parses a YAML file. An unreadable file is a problem like any other. */
export async function readYamlFile(name: FileName): Promise<YamlFile> {
  try {
    return parseYaml(name, await readText(name.path));
  } catch (error) {
    const source = newSource(name, '');
    const message = `Cannot read this file: ${error instanceof Error ? error.message : 'unknown error'}`;
    return { source, problems: [problemAt(source, 0, { rule: 'unreadable-file', message })] };
  }
}

/** The text of a UTF-8 file without its byte order mark. Throws on other encodings and on files over 4 MiB. */
export async function readText(path: string): Promise<string> {
  if ((await stat(path)).size > maxFileBytes)
    throw new Error(`it is larger than ${maxFileBytes / 1024 / 1024} MiB`);
  const bytes = await readFile(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is not UTF-8 text');
  }
}

/** Parses YAML 1.2 with places. Duplicate keys, unknown tags, several documents and alias bombs are problems. */
export function parseYaml(name: FileName, text: string): YamlFile {
  const lines = new LineCounter();
  const source = newSource(name, text, lines);
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      intAsBigInt: true,
      stringKeys: true,
      prettyErrors: false,
      resolveKnownTags: false,
    });
    const problems = syntaxProblems(source, document);
    const unreadable = [...document.errors, ...document.warnings].some(
      ({ code }) => code !== 'DUPLICATE_KEY',
    );
    if (document.contents === null || unreadable) {
      return { source, problems };
    }
    const converter = new Converter(source);
    const root = converter.convert(document.contents, 0);
    return { source, root, problems: [...problems, ...converter.problems] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = 'This file is nested too deeply';
    return { source, problems: [problemAt(source, 0, { rule: 'yaml-too-deep', message })] };
  }
}

function newSource(name: FileName, text: string, lines = new LineCounter()): YamlSource {
  const { path, shown, confidential = false, expandable = false } = name;
  return { file: shown, path, text, lines, confidential, expandable };
}

const styles: Readonly<Record<Scalar.Type, ScalarStyle>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single-quoted',
  QUOTE_DOUBLE: 'double-quoted',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};

/** Turns the nodes of one document into fields; owns the budget for aliases. */
class Converter {
  readonly problems: Problem[] = [];
  readonly #source: YamlSource;
  /** The latest node of each anchor, and what each alias stood for where it was read. */
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new Map<Alias, Node | undefined>();
  readonly #open = new Set<Node>();
  #aliased = 0;
  /** One problem says that aliases repeat too much; the aliases after it would only repeat it. */
  #exhausted = false;
  #insideAlias = 0;

  constructor(source: YamlSource) {
    this.#source = source;
  }

  #target(alias: Alias): Node | undefined {
    if (!this.#targets.has(alias)) this.#targets.set(alias, this.#anchors.get(alias.source));
    return this.#targets.get(alias);
  }

  convert(node: Node | null, depth: number, keyStart?: number): Field {
    const [start, end] = node?.range ?? [keyStart ?? 0, keyStart ?? 0];
    const place = { source: this.#source, start, end, ...(keyStart !== undefined && { keyStart }) };
    if (this.#insideAlias > 0) this.#aliased++;
    if (node === null) return { ...place, data: null, style: 'plain' };
    if (depth > maxDepth) throw new RangeError('too deep');
    if (isAlias(node)) return this.#alias(this.#target(node), place, depth);
    if (node.anchor !== undefined && this.#insideAlias === 0) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#map(node.items, place, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.convert(item as Node | null, depth + 1));
      return { ...place, items, data: items.map(({ data }) => data) };
    }
    if (!isScalar(node)) return { ...place, data: null, style: 'plain' };
    return { ...place, data: this.#scalar(node, start), style: styles[node.type ?? 'PLAIN'] };
  }

  #alias(target: Node | undefined, place: Omit<Field, 'data'>, depth: number): Field {
    const refuse = (message: string, remedy?: string): Field => {
      this.problems.push(problemAt(this.#source, place.start, { rule: 'yaml-alias', message, remedy }));
      return { ...place, data: null, style: 'plain' };
    };
    if (target === undefined)
      return refuse('This alias has no anchor', 'A text that begins with `*` needs quotes.');
    if (this.#open.has(target)) return refuse('This alias contains itself');
    if (this.#aliased > maxAliasedValues) {
      if (this.#exhausted) return { ...place, data: null, style: 'plain' };
      this.#exhausted = true;
      return refuse('The aliases of this file repeat too much');
    }
    this.#open.add(target);
    this.#insideAlias++;
    const field = this.convert(target, depth, place.keyStart);
    this.#insideAlias--;
    this.#open.delete(target);
    return field;
  }

  #map(pairs: readonly { key: unknown; value: unknown }[], place: Omit<Field, 'data'>, depth: number): Field {
    const entries = new Map<string, Field>();
    const merged: Field[] = [];
    for (const pair of pairs) {
      const key = pair.key as Scalar | null;
      const field = this.convert(pair.value as Node | null, depth + 1, key?.range?.[0]);
      const name = typeof key?.value === 'string' ? key.value : '';
      if (name === '<<' && key?.type === 'PLAIN') merged.push(...(field.items ?? [field]));
      else if (!entries.has(name)) entries.set(name, field);
    }
    for (const field of merged) {
      if (field.entries === undefined && field.data !== null) this.problems.push(this.#noMap(field));
      for (const [name, value] of field.entries ?? []) if (!entries.has(name)) entries.set(name, value);
    }
    return { ...place, entries, data: jsonObject([...entries].map(([name, { data }]) => [name, data])) };
  }

  #noMap({ start }: Field): Problem {
    const message = 'Only a map can be merged with `<<`';
    return problemAt(this.#source, start, { rule: 'yaml-value', message });
  }

  #scalar(node: Scalar, start: number): Json {
    const { value } = node;
    if (typeof value === 'bigint') {
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    }
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    const message = 'Only texts, finite numbers, booleans and null can stand here';
    this.problems.push(problemAt(this.#source, start, { rule: 'yaml-value', message }));
    return null;
  }
}
