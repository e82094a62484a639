import type { Operation } from './operation.js';

/**
 * True where texts that a body sends beside its result go to the server's log only: a rule can change the result, and they
 * may say what it hides (spec page 04, "Everything that leaves").
 */
export function holdsBack({ endpoint, rules }: Pick<Operation, 'endpoint' | 'rules'>): boolean {
  return rules.changesOutput && !endpoint.unreleasedText;
}
