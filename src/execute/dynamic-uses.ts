import { excerpt, locate, type SourceText } from '../lib/source-text.js';
import { leadingWords, type SqlSegment, type SqlToken } from './lex-sql.js';
import type { DynamicUse } from './prepared-body.js';

/**
 * Parameters whose value becomes SQL text, a file name or a URL: those inside a call of a function that `takesSource`
 * (through macros too), beside a COPY's path, or stored in a variable that such a call reads.
 */
export function findDynamicUses(
  source: SourceText,
  segments: readonly SqlSegment[],
  sourceCalls: (tokens: readonly SqlToken[]) => readonly SqlToken[],
): DynamicUse[] {
  const uses = segments.flatMap((segment) => usesIn(segment, sourceCalls));
  const throughVariable = segments.some((segment) => readsVariable(segment, sourceCalls));
  if (throughVariable) uses.push(...segments.flatMap(variableUses));
  return uses.map(({ token, reaches }) => ({
    parameter: token.text.slice(1),
    reaches,
    problem: { origin: locate(source, token.start), excerpt: excerpt(source, token.start) },
  }));
}

interface Use {
  readonly token: SqlToken;
  readonly reaches: string;
}

function usesIn(
  segment: SqlSegment,
  sourceCalls: (tokens: readonly SqlToken[]) => readonly SqlToken[],
): Use[] {
  const { tokens } = segment;
  const uses = sourceCalls(tokens).flatMap((call) => {
    const inside = argumentTokens(tokens, call);
    const takesAll = inside.some((token) => token.kind === 'word' && /^(?:select|from)$/i.test(token.text));
    return parametersOf(takesAll ? tokens : inside).map((token) => ({ token, reaches: `${call.text}()` }));
  });
  const [verb] = leadingWords(segment, 1);
  if (verb === 'copy' || verb === 'attach' || verb === 'export' || verb === 'import') {
    const top = topLevel(tokens);
    uses.push(...parametersOf(top).map((token) => ({ token, reaches: verb.toUpperCase() })));
  }
  return uses;
}

/** The tokens between the parentheses after a function's name. */
function argumentTokens(tokens: readonly SqlToken[], call: SqlToken): SqlToken[] {
  const inside: SqlToken[] = [];
  let depth = 0;
  for (const token of tokens.slice(tokens.indexOf(call) + 1)) {
    if (token.kind === 'symbol' && token.text === '(') depth += 1;
    if (token.kind === 'symbol' && token.text === ')') depth -= 1;
    if (depth === 0) break;
    inside.push(token);
  }
  return inside;
}

function topLevel(tokens: readonly SqlToken[]): SqlToken[] {
  let depth = 0;
  return tokens.filter((token) => {
    if (token.kind === 'symbol' && token.text === '(') depth += 1;
    if (token.kind === 'symbol' && token.text === ')') depth -= 1;
    return depth === 0;
  });
}

function parametersOf(tokens: readonly SqlToken[]): SqlToken[] {
  return tokens.filter((token) => token.kind === 'parameter');
}

function readsVariable(
  segment: SqlSegment,
  sourceCalls: (tokens: readonly SqlToken[]) => readonly SqlToken[],
): boolean {
  return sourceCalls(segment.tokens).some((call) =>
    argumentTokens(segment.tokens, call).some((token) => token.text.toLowerCase() === 'getvariable'),
  );
}

function variableUses(segment: SqlSegment): Use[] {
  const [first, second] = leadingWords(segment, 2);
  if (first !== 'set' || second !== 'variable') return [];
  return parametersOf(segment.tokens).map((token) => ({
    token,
    reaches: 'a variable that a file or SQL function reads',
  }));
}
