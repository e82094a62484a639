import type { Json } from './json.js';
import type { Origin } from '../errors.js';

export type TypeName = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';

export type StringTransform = 'trim' | 'lowercase' | 'strip_html';

/** How a value is hidden (spec page 04, "Actions"). */
export type Mask =
  | { readonly kind: 'full' | 'email' | 'phone' | 'last4' | 'api_key' | 'null' | 'hash' }
  | { readonly kind: 'constant'; readonly value: Json };

/** A declared type: a parameter, a return value, an array item or an object property (spec page 02, "type node"). */
export interface TypeNode {
  readonly type: TypeName;
  readonly origin: Origin;
  readonly format?: string;
  readonly description?: string;
  /** Present, also with the value `null`, exactly when the author wrote the key. */
  readonly default?: Json;
  readonly examples?: readonly Json[];
  readonly enum?: readonly Json[];
  readonly nullable?: boolean;
  readonly sensitive?: boolean;
  readonly mask?: Mask;
  readonly transform?: readonly StringTransform[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly items?: TypeNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: readonly Property[];
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

/** A named property of an object type. Properties are a list because names are the author's and may be `constructor`. */
export interface Property {
  readonly name: string;
  readonly node: TypeNode;
}

/** A parameter of an endpoint. Optional exactly when its node has a `default`. */
export interface Parameter {
  readonly name: string;
  readonly node: TypeNode;
  /** Advertised as `x-mcp-header` (spec page 09). */
  readonly header: boolean;
}
