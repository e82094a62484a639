import type { Mask, TypeNode } from './type-node.js';

/**
 * What the output rules of an endpoint could ever do to its declared return type, for any caller: the basis of an
 * advertised schema that stays true under rules (spec page 03, "Over MCP"). Nodes are compared by identity.
 */
export interface ReleaseEffects {
  /** Property nodes that a rule can remove. */
  readonly removable: ReadonlySet<TypeNode>;
  /** Nodes that a rule can mask, with each mask that can apply. */
  readonly masked: ReadonlyMap<TypeNode, readonly Mask[]>;
  /** True when `keep_rows` can drop items of a top-level array. */
  readonly rowsDroppable: boolean;
}

/** A column of a prepared SQL result. `type` is DuckDB's text form (`DECIMAL(18,2)`, `STRUCT(a INTEGER)`). */
export interface ResultColumn {
  readonly name: string;
  readonly type: string;
}
