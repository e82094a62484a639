import type { Origin, Problem } from '../errors.js';
import { excerpt, locate, type SourceText } from '../lib/source-text.js';
import { ConditionError } from './cel/scope.js';

/** A problem of an endpoint's (`kind/name`) or, without one, of the site's own rules. */
export function problemAt(
  origin: Origin,
  rule: string,
  message: string,
  options: {
    endpoint?: string | undefined;
    remedy?: string | undefined;
    severity?: Problem['severity'];
    excerpt?: string | undefined;
  } = {},
): Problem {
  const { endpoint, remedy, severity = 'error', excerpt: shown } = options;
  return {
    severity,
    rule,
    message,
    origin,
    ...(remedy === undefined ? {} : { remedy }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(shown === undefined ? {} : { excerpt: shown }),
  };
}

/** A problem in a condition's text, with the line and a caret below the place. */
export function problemIn(
  source: SourceText,
  offset: number,
  rule: string,
  message: string,
  options: Parameters<typeof problemAt>[3] = {},
): Problem {
  return {
    ...problemAt(locate(source, offset), rule, message, options),
    excerpt: excerpt(source, offset),
  };
}

/** The problem that a condition's compilation threw; rethrows what is none. */
export function conditionProblem(source: SourceText, error: unknown, endpoint?: string): Problem {
  if (!(error instanceof ConditionError)) throw error;
  const { offset, message, remedy } = error;
  return problemIn(source, offset, 'policy-condition', `The condition does not load: ${message}`, {
    endpoint,
    remedy,
  });
}
