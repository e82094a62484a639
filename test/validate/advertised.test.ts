import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentsError } from '../../src/errors.js';
import { schemaCompiler } from '../../src/lib/schema.js';
import type { ReleaseEffects } from '../../src/model/effects.js';
import type { Json, JsonObject } from '../../src/model/json.js';
import type { Mask, Parameter, TypeNode } from '../../src/model/type-node.js';
import { inputSchema, outputSchema } from '../../src/validate/advertise.js';
import { compileArguments } from '../../src/validate/arguments.js';
import { compileCheck } from '../../src/validate/check-value.js';
import { compileResult } from '../../src/validate/result.js';
import { anyJson, jsonObject, origin, typeNodes, valueFor } from './arbitrary-type.js';

const none: ReleaseEffects = { removable: new Set(), masked: new Map(), rowsDroppable: false };

const ajv = schemaCompiler({
  allErrors: false,
  strictTypes: false,
  strictRequired: false,
  ownProperties: true,
});
ajv.addKeyword('x-mcp-header');

/** What a client makes of a schema: it only sees its JSON. */
function clientOf(schema: JsonObject): (value: Json) => boolean {
  const received = JSON.parse(JSON.stringify(schema)) as JsonObject;
  const validate = ajv.compile(received);
  ajv.removeSchema(received);
  return (value) => validate(JSON.parse(JSON.stringify(value)));
}

/** Integers that a JSON number may have rounded are refused by name, and no schema says so. */
function hasUnsafeInteger(value: Json): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((child: Json) => hasUnsafeInteger(child));
}

const pairs = typeNodes.chain((node) =>
  fc.tuple(fc.constant(node), fc.array(valueFor(node), { minLength: 4, maxLength: 4 })),
);

describe('the advertised schema', () => {
  it('of a result accepts exactly what the check accepts', () => {
    fc.assert(
      fc.property(pairs, ([node, values]) => {
        const client = clientOf(outputSchema(node, none));
        const check = compileCheck(node, 'result-root');
        for (const value of values) {
          expect({ value, fits: check(value) === undefined }).toEqual({ value, fits: client(value) });
        }
      }),
      { numRuns: 250 },
    );
  });

  it('of a result is true of all that the check lets through', () => {
    fc.assert(
      fc.property(typeNodes, anyJson, (node, value) => {
        const fits = compileCheck(node, 'result-root')(value) === undefined;
        expect(clientOf(outputSchema(node, none))(value)).toBe(fits);
      }),
      { numRuns: 100 },
    );
  });

  it('of arguments accepts nothing that binding refuses, and every canonical value', () => {
    fc.assert(
      fc.property(pairs, ([node, values]) => {
        const parameters: Parameter[] = [{ name: 'hasOwnProperty', node, header: false }];
        const client = clientOf(inputSchema(parameters));
        const bind = compileArguments(parameters);
        for (const value of values) {
          const raw = jsonObject([['hasOwnProperty', value]]);
          const bound = attempt(bind, raw);
          if (client(raw) && !hasUnsafeInteger(value) && !isNullForMissing(node, value)) {
            expect({ raw, bound }).toEqual({ raw, bound: raw });
          }
          if (bound !== undefined && !hasDigits(bound))
            expect({ bound, fits: client(bound) }).toEqual({ bound, fits: true });
        }
      }),
      { numRuns: 250 },
    );
  });

  it('of a result stays true when rules mask, remove and drop', () => {
    const effects = pairs.chain(([node, values]) =>
      fc.tuple(
        fc.constant(node),
        fc.constant(values),
        effectsFor(node),
        fc.array(fc.nat(2), { minLength: 40, maxLength: 40 }),
      ),
    );
    fc.assert(
      fc.property(effects, ([node, values, effect, choices]) => {
        const client = clientOf(outputSchema(node, effect));
        const check = compileCheck(node, 'result-root');
        for (const value of values.filter((each) => check(each) === undefined)) {
          let turn = 0;
          const choose = (): number => choices[turn++ % choices.length] ?? 0;
          const released = release(node, value, effect, choose);
          expect({ released, fits: client(released) }).toEqual({ released, fits: true });
        }
      }),
      { numRuns: 250 },
    );
  });

  it('has the `properties` of names that plain objects inherit', () => {
    const text = JSON.stringify(
      inputSchema([{ name: '__proto__', node: { type: 'string', origin, default: 'x' }, header: true }]),
    );
    expect(text).toBe(
      '{"type":"object","properties":{"__proto__":{"type":"string","default":"x","x-mcp-header":"__proto__"}},"additionalProperties":false}',
    );
  });

  it('is frozen, because every caller gets the same one', () => {
    const schema = inputSchema([{ name: 'a', node: { type: 'string', origin, enum: ['x'] }, header: false }]);
    expect(Object.isFrozen(schema) && Object.isFrozen(schema['properties'])).toBe(true);
  });
});

/** A null inside that stands for a missing required member: the schema allows it only where the node is nullable. */
function isNullForMissing(node: TypeNode, value: Json): boolean {
  return value === null && node.nullable !== true;
}

function attempt(bind: (raw: unknown) => JsonObject, raw: Json): JsonObject | undefined {
  try {
    return bind(raw);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentsError);
    return undefined;
  }
}

/** Integers beyond 2^53 bind as digits, which is a coercion that no schema mentions. */
function hasDigits(value: Json): boolean {
  if (typeof value === 'string') return /^-?\d{16,}$/.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((child: Json) => hasDigits(child));
}

const masks: fc.Arbitrary<Mask> = fc.constantFrom<Mask>(
  { kind: 'full' },
  { kind: 'null' },
  { kind: 'hash' },
  { kind: 'email' },
  { kind: 'constant', value: { hidden: [1] } },
);

function innerNodes(node: TypeNode): { properties: TypeNode[]; all: TypeNode[] } {
  const children = (node.properties ?? []).map((each) => each.node);
  const below = [...children, ...(node.items ? [node.items] : [])];
  const deeper = below.map(innerNodes);
  return {
    properties: [...children, ...deeper.flatMap((each) => each.properties)],
    all: [...below, ...deeper.flatMap((each) => each.all)],
  };
}

function effectsFor(node: TypeNode): fc.Arbitrary<ReleaseEffects> {
  const { properties, all } = innerNodes(node);
  return fc.record({
    removable: fc.subarray(properties).map((list) => new Set(list)),
    masked: fc
      .subarray(all)
      .chain((list) =>
        fc.tuple(
          ...list.map((each) => fc.tuple(fc.constant(each), fc.array(masks, { minLength: 1, maxLength: 2 }))),
        ),
      )
      .map((entries) => new Map(entries)),
    rowsDroppable: fc.constant(node.type === 'array'),
  });
}

const maskedAs = (mask: Mask): Json => {
  if (mask.kind === 'null') return null;
  if (mask.kind === 'hash') return '0123456789abcdef';
  return mask.kind === 'constant' ? mask.value : '****';
};

/** Some outcome that the effects allow: each thing happens or not, as `choose` says. */
function release(
  node: TypeNode,
  value: Json,
  effects: ReleaseEffects,
  choose: () => number,
  root = true,
): Json {
  const mask = effects.masked.get(node)?.[choose()];
  if (mask !== undefined && !root) return maskedAs(mask);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const kept = root && effects.rowsDroppable ? items.filter(() => choose() > 0) : items;
    return kept.map((item) => (node.items ? release(node.items, item, effects, choose, false) : item));
  }
  const entries = Object.entries(value as JsonObject).flatMap(([name, member]): [string, Json][] => {
    const property = node.properties?.find((each) => each.name === name)?.node;
    if (property === undefined) return [[name, member]];
    if (effects.removable.has(property) && choose() > 0) return [];
    return [[name, release(property, member, effects, choose, false)]];
  });
  return jsonObject(entries);
}

describe('compileResult', () => {
  it('returns the very value that it checked', () => {
    const value = jsonObject([['a', 1]]);
    const { check } = compileResult({ type: 'object', origin, properties: [] });
    expect(check(value)).toBe(value);
  });
});
