import type { Origin, Problem } from '../errors.js';
import type { Json } from '../model/json.js';
import type { EffectiveSetting, SettingUnit } from '../model/project.js';
import { variable, type Environment } from './expand.js';
import { itemsOf, stringsOf, type Field } from './field.js';
import { problem } from './problems.js';
import { durationMs, sizeBytes } from './units.js';

/** How a setting is read from a file and from the text of an environment variable; undefined: it does not fit. */
export interface Kind<T> {
  readonly what: string;
  readonly unit?: SettingUnit;
  readonly read: (field: Field) => T | undefined;
  readonly parse: (text: string) => T | undefined;
}

const yes = new Set(['true', '1', 'yes', 'on']);
const no = new Set(['false', '0', 'no', 'off']);

export const flagKind: Kind<boolean> = {
  what: 'true or false',
  read: ({ data }) => (typeof data === 'boolean' ? data : undefined),
  parse: (text) => (yes.has(text.toLowerCase()) ? true : no.has(text.toLowerCase()) ? false : undefined),
};

export const textKind: Kind<string> = {
  what: 'a text',
  read: ({ data }) => (typeof data === 'string' ? data : undefined),
  parse: (text) => text,
};

export const listKind: Kind<readonly string[]> = {
  what: 'a list of texts separated by commas',
  read: (field) => stringsOf(field),
  parse: (text) => text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()])),
};

/** An integer between two bounds. */
export function integerKind(minimum: number, maximum = Number.MAX_SAFE_INTEGER): Kind<number> {
  const fits = (value: number): number | undefined =>
    Number.isSafeInteger(value) && value >= minimum && value <= maximum ? value : undefined;
  return {
    what:
      maximum === Number.MAX_SAFE_INTEGER
        ? `an integer from ${minimum} on`
        : `an integer from ${minimum} to ${maximum}`,
    read: ({ data }) => (typeof data === 'number' ? fits(data) : undefined),
    parse: (text) => (/^\d+$/.test(text) ? fits(Number(text)) : undefined),
  };
}

/** A number between two bounds. */
export function numberKind(minimum: number, maximum: number): Kind<number> {
  const fits = (value: number): number | undefined =>
    value >= minimum && value <= maximum ? value : undefined;
  return {
    what: `a number up to ${maximum}`,
    read: ({ data }) => (typeof data === 'number' ? fits(data) : undefined),
    parse: (text) => (/^\d+(\.\d+)?$/.test(text) ? fits(Number(text)) : undefined),
  };
}

export const durationKind: Kind<number> = {
  what: 'seconds, or a text like 500ms, 30s, 2m',
  unit: 'ms',
  read: ({ data }) => durationMs(data),
  parse: durationMs,
};

export const sizeKind: Kind<number> = {
  what: 'bytes, or a text like 64KiB, 10MB',
  unit: 'bytes',
  read: ({ data }) => sizeBytes(data),
  parse: sizeBytes,
};

/** One of some words. */
export function choiceKind<T extends string>(...choices: readonly T[]): Kind<T> {
  const find = (value: Json): T | undefined => choices.find((choice) => choice === value);
  return { what: `one of ${choices.join(', ')}`, read: ({ data }) => find(data), parse: find };
}

/** Where one setting may come from, strongest first: flag, environment, user config, site, default (spec page 02). */
export interface SettingSources<T> {
  readonly kind: Kind<T>;
  readonly flag?: T | undefined;
  /** Name of the environment variable. */
  readonly variable?: string;
  readonly user?: Field | undefined;
  readonly site?: Field | undefined;
  /** Its value is a secret: it is printed as `[hidden]`. */
  readonly hidden?: boolean;
}

/** Chooses settings and remembers where each came from. */
export class SettingReader {
  readonly effective: EffectiveSetting[] = [];
  readonly problems: Problem[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** The value of a setting that has a default. */
  read<T extends Json>(path: string, sources: SettingSources<T>, fallback: T): T {
    return this.optional(path, sources) ?? this.#record(path, fallback, 'default', sources);
  }

  /** The value of a setting that may be absent. */
  optional<T extends Json>(path: string, sources: SettingSources<T>): T | undefined {
    const { kind, flag, user, site } = sources;
    if (flag !== undefined) return this.#record(path, flag, 'flag', sources);
    const fromVariable = this.#fromEnvironment(sources);
    if (fromVariable !== undefined) return this.#record(path, fromVariable, 'environment', sources);
    for (const [field, from] of [
      [user, 'user config'],
      [site, 'site'],
    ] as const) {
      const value = field === undefined || field.data === null ? undefined : kind.read(field);
      if (value !== undefined) return this.#record(path, value, from, sources);
    }
    return undefined;
  }

  /** A problem with a setting wherever it came from. */
  refuse(origin: Origin, message: string, remedy: string): void {
    this.problems.push(problem(origin, { rule: 'wrong-value', message, remedy }));
  }

  /** Remembers a value that was found elsewhere. */
  note(path: string, value: Json, from: string, unit?: SettingUnit): void {
    this.effective.push({ path, value, ...(unit !== undefined && { unit }), from });
  }

  #record<T extends Json>(path: string, value: T, from: string, { hidden, kind }: SettingSources<T>): T {
    this.note(path, hidden === true ? '[hidden]' : value, from, kind.unit);
    return value;
  }

  #fromEnvironment<T>({ variable: name, kind }: SettingSources<T>): T | undefined {
    const text = name === undefined ? undefined : variable(this.#env, name);
    if (name === undefined || text === undefined || text === '') return undefined;
    const value = kind.parse(text.trim());
    if (value === undefined) {
      const origin = { file: `environment variable ${name}`, line: 1, column: 1 };
      this.problems.push(problem(origin, { rule: 'wrong-value', message: `${name} must be ${kind.what}` }));
    }
    return value;
  }
}

/** The maps of a list of maps, or of a single one. */
export function mapsOf(field: Field | undefined): readonly Field[] {
  return itemsOf(field).filter(({ entries }) => entries !== undefined);
}
