/** Characters that move a terminal's cursor or turn the direction of its text: Unicode's control and bidi format classes. */
const unsafe = /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Text from outside (data, names, messages) made safe for a terminal: such characters become `\u{…}`. */
export function printable(text: string): string {
  return text.replace(unsafe, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
