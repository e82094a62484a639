import type { Json } from '../model/json.js';

/** What a claim that should be a list gave; `ignored` when it is of no usable form (spec page 04, "Roles"). */
export interface ClaimList {
  readonly values: readonly string[];
  readonly ignored: boolean;
}

/**
 * Reads `permissions`, `groups` or `capabilities`: a list of strings as it is, a string split on white space, null or
 * absent empty, anything else empty and to be warned about.
 */
export function readClaimList(claim: Json | undefined): ClaimList {
  if (claim === null || claim === undefined) return { values: [], ignored: false };
  if (typeof claim === 'string')
    return { values: claim.split(/\s+/).filter((word) => word !== ''), ignored: false };
  if (!Array.isArray(claim)) return { values: [], ignored: true };
  const items = claim as readonly Json[];
  const texts = items.filter((item) => typeof item === 'string');
  return texts.length === items.length ? { values: texts, ignored: false } : { values: [], ignored: true };
}
