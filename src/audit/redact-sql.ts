const literal = new RegExp(
  [
    String.raw`--[^\n]*`, // comments can hold anything
    String.raw`\/\*[^]*?(?:\*\/|$)`,
    String.raw`"(?:[^"]|"")*(?:"|$)`, // quoted identifiers stay
    String.raw`\b[eE]'(?:[^'\\]|\\[^]|'')*(?:'|$)`,
    String.raw`(?:\b[xXbB])?'(?:[^']|'')*(?:'|$)`,
    String.raw`\$([A-Za-z_]\w*)?\$[^]*?(?:\$\1\$|$)`,
    String.raw`[A-Za-z_][\w$]*`, // words, so that digits inside of them are no literals
    String.raw`\$\d+`,
    String.raw`(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?`,
  ].join('|'),
  'g',
);

function replaceToken(token: string): string {
  if (token.startsWith('--') || token.startsWith('/*')) return '';
  if (token.includes("'")) return token.startsWith('"') ? token : '?';
  if (token.startsWith('"') || /^[A-Za-z_]/.test(token)) return token;
  return /^\$\d+$/.test(token) ? token : '?';
}

/** A statement with every literal replaced by `?` and without comments, in DuckDB's lexical rules. Total: an unfinished literal ends the text. */
export function redactSql(sql: string): string {
  return sql.replaceAll(literal, replaceToken).trim();
}
