/** Characters that move a terminal's cursor or turn the direction of its text: Unicode's control and bidi format classes. */
const unsafe = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

function hex(char: string, width: number): string {
  return (char.codePointAt(0) ?? 0).toString(16).padStart(width, '0');
}

/** Text from outside (data, names, messages) made safe for a terminal: such characters become `\u{…}`. */
export function printable(text: string): string {
  return text.replace(unsafe, (char) => `\\u{${hex(char, 1)}}`);
}

/** A value as indented JSON that is safe for a terminal too: such characters are escaped as JSON escapes them. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(unsafe, (char) => `\\u${hex(char, 4)}`);
}
