/** Characters that move a terminal's cursor, break its lines, are not seen, or turn the direction of its text. */
const unsafe = /(?![\t\n])[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

function hex(char: string, width: number): string {
  return (char.codePointAt(0) ?? 0).toString(16).padStart(width, '0');
}

/** Text from outside (data, names, messages) made safe for a terminal: such characters become `\u{…}`. */
export function printable(text: string): string {
  return text.replace(unsafe, (char) => `\\u{${hex(char, 1)}}`);
}

/** One line of JSON or CSV as it goes to a terminal: such characters are escaped as JSON escapes them. */
export function printableLine(line: string): string {
  return line.replace(unsafe, (char) => `\\u${hex(char, 4)}`);
}

/** A value as indented JSON that is safe for a terminal too: such characters are escaped as JSON escapes them. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(unsafe, (char) => `\\u${hex(char, 4)}`);
}
