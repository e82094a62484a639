/// <reference lib="es2024.string" />

const plain = /^[ !#-[\]-~]*$/;

/** A JSON string literal as RFC 8785 wants it. Lone surrogates, which it does not allow, become U+FFFD. */
export function canonicalString(text: string): string {
  if (text.length < 64 && plain.test(text)) return `"${text}"`;
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
}

function canonicalArray(items: readonly unknown[]): string {
  let text = '';
  for (const item of items) text += `,${canonicalJson(item)}`;
  return `[${text.slice(1)}]`;
}

function isSorted(keys: readonly string[]): boolean {
  let previous = '';
  for (const key of keys) {
    if (key < previous) return false;
    previous = key;
  }
  return true;
}

function canonicalObject(object: object): string {
  const keys = Object.keys(object);
  if (!isSorted(keys)) keys.sort();
  let text = '';
  for (const key of keys) {
    const value: unknown = object[key as keyof typeof object];
    if (value !== undefined) text += `,${canonicalString(key)}:${canonicalJson(value)}`;
  }
  return `{${text.slice(1)}}`;
}

/**
 * The one JSON text of a JSON value (RFC 8785): keys sorted by UTF-16 code units, no white space. NaN, infinities and what
 * is no JSON value are null; absent members are left out.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      return Number.isFinite(value) ? String(value === 0 ? 0 : value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value);
    default:
      return 'null';
  }
}
