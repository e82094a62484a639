import type { Origin } from '../errors.js';
import type { SourceText } from '../lib/source-text.js';
import type { ScopeSettings } from './auth-settings.js';
import type { Mask } from './type-node.js';

export type RuleMode = 'enforce' | 'shadow';

export type EndpointKind = 'tool' | 'resource' | 'prompt';

/** Which endpoints a site-wide rule is for; an absent list matches all. Tags: any of them. */
export interface RuleMatch {
  readonly kinds?: readonly EndpointKind[];
  readonly names?: readonly string[];
  readonly tags?: readonly string[];
}

interface RuleBase {
  /** Given by the author or derived from its place: `tool/salaries/output[0]`, `site/input[1]`. */
  readonly id: string;
  /** Absent on an output rule that always applies. */
  readonly condition?: SourceText;
  readonly reason?: string;
  readonly mode: RuleMode;
  readonly origin: Origin;
  /** SHA-256 (hex) over the rule's canonical content, because ids and places move. */
  readonly hash: string;
  /** True for a rule of the site file. */
  readonly site: boolean;
}

/** A rule over caller and arguments, before the body runs. The first match denies. */
export interface InputRule extends RuleBase {
  readonly condition: SourceText;
  readonly action: 'deny';
}

/** A field path of a rule as written (`orders[].card`, `**.ssn`), with its place. */
export interface FieldPath {
  readonly path: string;
  readonly origin: Origin;
  /** Its line with a caret below it, where the line may be shown. */
  readonly excerpt?: string;
}

/** A rule over the result, before it leaves. All conditions see the original result; actions apply in order. */
export type OutputRule = RuleBase &
  (
    | { readonly action: 'deny' }
    | { readonly action: 'filter_fields'; readonly fields: readonly FieldPath[] }
    | { readonly action: 'mask_fields'; readonly fields: readonly FieldPath[]; readonly mask?: Mask }
    | { readonly action: 'filter_sensitive_fields' }
    | { readonly action: 'mask_sensitive_fields'; readonly mask?: Mask }
    | { readonly action: 'keep_rows'; readonly where: SourceText }
  );

/** The rules of one endpoint: site-wide rules that match it first, then its own (spec page 04). */
export interface EndpointPolicies {
  readonly input: readonly InputRule[];
  readonly output: readonly OutputRule[];
}

/** One entry of `authorization.roles`. */
export interface Role {
  readonly name: string;
  readonly includes: readonly string[];
  readonly capabilities: readonly string[];
  readonly scopes?: readonly string[];
  readonly origin: Origin;
}

/** One entry of `authorization.assign`: `when` holds → the caller has `role`. */
export interface RoleAssignment {
  readonly role: string;
  readonly when: SourceText;
  readonly origin: Origin;
}

export interface Authorization {
  /** Name → description; absent without a catalogue. */
  readonly capabilities?: Readonly<Record<string, string>>;
  /** Absent when the site has no `roles` section. */
  readonly roles?: readonly Role[];
  readonly assign: readonly RoleAssignment[];
  readonly scopes: ScopeSettings;
}
