import type { Origin } from '../errors.js';
import { entriesOf, originOf, type Field } from './field.js';

/** A value that YAML 1.1, which the Python program reads, takes for something else than YAML 1.2 does. */
export interface YamlTrap {
  readonly origin: Origin;
  readonly message: string;
}

const traps: readonly (readonly [RegExp, string])[] = [
  [/^(?:y|n|yes|no|on|off)$/i, 'was true or false for the Python program and is a text here'],
  [/^[-+]?0[0-9_]+$/, 'was an octal number for the Python program and is a decimal one here'],
  [/^[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?$/, 'was a number in base 60 for the Python program and is a text here'],
  [/^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?$/, 'was a date for the Python program and is a text here'],
  [/^[-+]?(?:\d[\d_]*_[\d_]*|0b[01_]+)$/, 'was a number for the Python program and is a text here'],
];

/** Every plain value of a file that the two versions of YAML read differently (spec page 02). */
export function findYamlTraps(field: Field): readonly YamlTrap[] {
  if (field.items !== undefined) return field.items.flatMap(findYamlTraps);
  if (field.entries !== undefined) return entriesOf(field).flatMap(([, child]) => findYamlTraps(child));
  if (field.style !== 'plain') return [];
  const text = field.source.text.slice(field.start, field.end).trim();
  const trap = traps.find(([pattern]) => pattern.test(text));
  if (trap === undefined) return [];
  const shown = field.source.confidential ? 'This value' : text;
  return [
    { origin: originOf(field), message: `${shown} ${trap[1]}; put it in quotes, or write what you mean` },
  ];
}
