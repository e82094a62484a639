import { Environment, ParseError, type ASTNode } from '@marcbachmann/cel-js';
import { ConditionError } from './scope.js';

const parser = new Environment({
  limits: {
    maxAstNodes: 2000,
    maxDepth: 100,
    maxListElements: 1000,
    maxMapEntries: 100,
    maxCallArguments: 8,
  },
});

/** Habits of other languages, and how CEL says it. */
const habits: readonly (readonly [RegExp, string])[] = [
  [/\bis\s+not\s+(null|None)\b/g, '!= null'],
  [/\bis\s+(null|None)\b/g, '== null'],
  [/\band\b/gi, '&&'],
  [/\bor\b/gi, '||'],
  [/\bnot\s+/gi, '!'],
  [/!==/g, '!='],
  [/===/g, '=='],
  [/<>/g, '!='],
  [/(?<![=!<>])=(?!=)/g, '=='],
  [/(?<!&)&(?!&)/g, '&&'],
  [/(?<!\|)\|(?!\|)/g, '||'],
];

const quoted = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/;

function rewriteHabits(text: string): string {
  const parts = text.split(quoted);
  const rewritten = parts.map((part, index) =>
    index % 2 === 1 ? part : habits.reduce((code, [habit, cel]) => code.replace(habit, cel), part),
  );
  return rewritten.join('');
}

function parses(text: string): boolean {
  try {
    parser.parse(text);
    return true;
  } catch {
    return false;
  }
}

function correctedForm(text: string, error: ParseError): string | undefined {
  const reserved = /^Reserved identifier: (\w+)$/.exec(error.summary)?.[1];
  if (reserved !== undefined) return `Write \`args.${reserved}\` for the parameter`;
  if (/\bnot\s+in\b/.test(text)) return 'Write `!(… in …)`';
  const candidate = rewriteHabits(text);
  return candidate !== text && parses(candidate) ? `Write \`${candidate.trim()}\`` : undefined;
}

/** The syntax tree of a condition. Throws `ConditionError`, with a corrected form where there is one. */
export function parseCondition(text: string): ASTNode {
  try {
    return parser.parse(text).ast;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const summary = error.summary.charAt(0).toLowerCase() + error.summary.slice(1);
    throw new ConditionError(error.range?.start ?? 0, summary, correctedForm(text, error));
  }
}
