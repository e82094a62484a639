const space = /[ \t\n\r]*/y;
const string = /"(?:[ !#-[\]-\u{10FFFF}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"/uy;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|true|false|null/y;

/** Where a text stops being JSON (RFC 8259): a UTF-16 index, of the text's end when something is missing there. */
export function jsonErrorAt(text: string): number {
  const open: string[] = [];
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found !== null;
  };
  const take = (char: string): boolean => {
    skip(space);
    if (text[at] !== char) return false;
    at += 1;
    return true;
  };
  const key = (): boolean => (skip(space), skip(string)) && take(':');
  const value = (): boolean => {
    for (;;) {
      skip(space);
      if (take('[')) {
        if (take(']')) return true;
        open.push(']');
      } else if (take('{')) {
        if (take('}')) return true;
        open.push('}');
        if (!key()) return false;
      } else return skip(string) || skip(scalar);
    }
  };
  while (value()) {
    let end = open.at(-1);
    while (end !== undefined && take(end)) {
      open.pop();
      end = open.at(-1);
    }
    if (end === undefined || !take(',') || (end === '}' && !key())) break;
  }
  skip(space);
  return at;
}
