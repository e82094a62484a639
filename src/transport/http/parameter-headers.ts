import { isObject } from '../../lib/is-object.js';
import type { Operation } from '../../engine/operation.js';
import type { Json } from '../../model/json.js';
import type { RawHeaders } from '../request-headers.js';
import { decodeHeaderValue } from './header-value.js';

interface Declaration {
  readonly parameter: string;
  /** Lower-case name of the whole header. */
  readonly header: string;
  readonly numeric: boolean;
}

const declarations = new WeakMap<Operation, readonly Declaration[]>();
const decimal = /^-?\d+(\.\d+)?$/;

function declaredBy(operation: Operation): readonly Declaration[] {
  let known = declarations.get(operation);
  if (known === undefined) {
    const properties = operation.inputSchema()['properties'];
    known = Object.entries(isObject(properties) ? properties : {}).flatMap(([parameter, schema]) => {
      const name = isObject(schema) ? schema['x-mcp-header'] : undefined;
      if (typeof name !== 'string') return [];
      const type = isObject(schema) ? schema['type'] : undefined;
      return [
        {
          parameter,
          header: `mcp-param-${name.toLowerCase()}`,
          numeric: type === 'integer' || type === 'number',
        },
      ];
    });
    declarations.set(operation, known);
  }
  return known;
}

function isPrimitive(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function agrees(header: string, value: string | number | boolean, numeric: boolean): boolean {
  const decoded = decodeHeaderValue(header.trim());
  if (decoded === undefined) return false;
  if (numeric && typeof value === 'number' && decimal.test(decoded)) return Number(decoded) === value;
  return decoded === String(value);
}

/**
 * The first `Mcp-Param-*` header that differs from the argument it repeats, by its name; undefined when all agree. A
 * header without its argument differs, for what routes by one must be able to rely on it; so does, where headers are
 * `required`, an argument without its header.
 */
export function disagreeingHeader(
  operation: Operation,
  args: Json | undefined,
  headers: RawHeaders,
  required: boolean,
): string | undefined {
  for (const { parameter, header, numeric } of declaredBy(operation)) {
    const sent = headers[header];
    if (sent === undefined && !required) continue;
    const value = isObject(args) && Object.hasOwn(args, parameter) ? args[parameter] : undefined;
    if (value === undefined || value === null) {
      if (sent !== undefined) return header;
    } else if (isPrimitive(value)) {
      const [first, ...others] = sent ?? [];
      if (first === undefined || others.length > 0 || !agrees(first, value, numeric)) return header;
    }
  }
  return undefined;
}
