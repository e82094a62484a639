import type { ASTNode } from '@marcbachmann/cel-js';
import type { CelType } from './cel-type.js';
import type { Frame } from './frame.js';
import type { Value } from './value.js';

/** A checked expression. */
export interface Compiled {
  readonly node: ASTNode;
  readonly type: CelType;
  readonly run: (frame: Frame) => Value;
  /** The value of a literal. */
  readonly literal?: { readonly value: Value };
}

/** What a condition may read: `assign` only the caller, `input` no result, `row` one item besides. */
export type Stage = 'assign' | 'input' | 'output' | 'row';

/** What a result, and one item of it, is declared to be. Undefined: nothing is known. */
export interface ResultTypes {
  readonly response: CelType | undefined;
  readonly row: CelType | undefined;
}

/** A field that a result is declared not to have. */
export interface StrangeField {
  readonly node: ASTNode;
  readonly base: ASTNode;
  readonly name: string;
  readonly declared: CelType;
}

/** What a condition was seen to read, filled while it is compiled. */
export interface Reads {
  args: boolean;
  response: boolean;
  /** Reads something of the request that differs from call to call: ip, headers, time, id. */
  volatileRequest: boolean;
  provider: boolean;
  /** Uses of `user_id` and `username` other than comparisons with `null`. */
  readonly subjects: ASTNode[];
  /** Capabilities that the condition names. */
  readonly capabilities: { readonly name: string; readonly node: ASTNode }[];
  /** Texts that the caller's role or roles are compared with. */
  readonly roles: { readonly name: string; readonly node: ASTNode }[];
  readonly strangeFields: StrangeField[];
}

/** A variable of a macro. */
export interface Local {
  readonly name: string;
  readonly slot: number;
  readonly type: CelType;
}

/** What names mean at one place of a condition. */
export interface Scope {
  readonly stage: Stage;
  /** Types of the endpoint's parameters. */
  readonly parameters: ReadonlyMap<string, CelType>;
  readonly results: ResultTypes;
  readonly locals: readonly Local[];
  /** True inside a macro over a list without a bound known at load. */
  readonly unbounded: boolean;
  readonly reads: Reads;
  readonly compile: (node: ASTNode, scope: Scope) => Compiled;
}

/** Something in a condition that does not load. `offset` is the place in its text. */
export class ConditionError extends Error {
  readonly offset: number;
  readonly remedy: string | undefined;

  constructor(offset: number, message: string, remedy?: string) {
    super(message);
    this.name = 'ConditionError';
    this.offset = offset;
    this.remedy = remedy;
  }
}

/** Refuses a condition at a node. */
export function refuse(node: ASTNode, message: string, remedy?: string): never {
  throw new ConditionError(node.pos, message, remedy);
}

/** The text of a node as the author wrote it. */
export function textOf(node: ASTNode): string {
  return node.input.slice(node.start, node.end);
}
