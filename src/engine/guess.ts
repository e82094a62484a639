import { didYouMean } from '../lib/did-you-mean.js';

/** The end of a sentence about a wrong name: what was probably meant, or what there is. */
export function guess(wrong: string, known: readonly string[]): string {
  const near = didYouMean(wrong, known);
  if (near !== undefined) return `: did you mean ${near}?`;
  return known.length === 0 ? ': it has none' : `: there are ${known.slice(0, 20).join(', ')}`;
}
