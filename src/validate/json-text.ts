import { measureJson } from '../lib/measure-json.js';

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const children: unknown[] = Object.values(value);
  const own = Array.isArray(value) ? 0 : children.length;
  return children.reduce<number>((sum, child) => sum + countMembers(child), own);
}

/** The value of an argument that came as JSON text, or why it has none. */
export type ParsedText =
  { readonly value: unknown } | { readonly fault: 'syntax' | 'duplicate key' | 'too deep' };

/** Parses JSON text with at most `maxDepth` levels and without duplicate keys at any depth (spec page 03, "Arguments"). */
export function parseJsonText(text: string, maxDepth: number): ParsedText {
  const { members, depth } = measureJson(text);
  if (depth > maxDepth) return { fault: 'too deep' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'syntax' };
  }
  return countMembers(value) === members ? { value } : { fault: 'duplicate key' };
}
