const literal = new RegExp(
  [
    String.raw`--[^\n\r]*`, // comments can hold anything
    String.raw`\/\*`,
    String.raw`"[^"]*(?:""[^"]*)*(?:"|$)`, // quoted identifiers stay
    String.raw`\b[eE]'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*(?:'|$)`,
    String.raw`(?:\b[xXbB])?'[^']*(?:''[^']*)*(?:'|$)`,
    String.raw`\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[^]*?(?:\$\1\$|$)`,
    String.raw`[A-Za-z_][\w$]*`, // words, so that digits inside of them are no literals
    String.raw`\$\d+`,
    String.raw`(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?`,
  ].join('|'),
  'g',
);

function replaceToken(token: string): string {
  if (token.startsWith('--')) return '';
  if (token.includes("'")) return token.startsWith('"') ? token : '?';
  if (token.startsWith('"') || /^[A-Za-z_]/.test(token)) return token;
  return /^\$\d+$/.test(token) ? token : '?';
}

/** Where the comment that begins at `start` ends: in DuckDB, comments nest. */
function endOfComment(sql: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}

/** A statement with every literal replaced by `?` and without comments, in DuckDB's lexical rules. Total: an unfinished literal ends the text. */
export function redactSql(sql: string): string {
  let shown = '';
  let at = 0;
  literal.lastIndex = 0;
  for (let token = literal.exec(sql); token !== null; token = literal.exec(sql)) {
    const [text] = token;
    shown += sql.slice(at, token.index);
    if (text === '/*') literal.lastIndex = endOfComment(sql, token.index);
    else shown += replaceToken(text);
    at = literal.lastIndex;
  }
  return (shown + sql.slice(at)).trim();
}
