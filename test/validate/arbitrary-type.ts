import fc from 'fast-check';
import type { Json } from '../../src/model/json.js';
import type { Property, TypeNode } from '../../src/model/type-node.js';

/** A place for nodes that no file declares. */
export const origin = { file: 'test.yml', line: 1, column: 1 };

type Draft = Omit<TypeNode, 'origin'>;

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 3 });

/** A record without the members that are undefined. */
function sparse(shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Draft> {
  return fc
    .record(shape)
    .map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)))
    .map((record) => record as unknown as Draft);
}

const common = {
  nullable: optional(fc.boolean()),
  sensitive: optional(fc.boolean()),
};

const stringNode = sparse({
  type: fc.constant('string'),
  ...common,
  minLength: optional(fc.nat(3)),
  maxLength: optional(fc.nat(6)),
  pattern: optional(fc.constantFrom('^[a-z]*$', 'a', '\\d', '^.{2,4}$', '^\\S*$')),
  format: optional(fc.constantFrom('email', 'uri', 'uuid', 'time', 'duration', 'timestamp')),
  enum: optional(fc.uniqueArray(fc.constantFrom('a', 'ab', 'é', 'x1', ''), { minLength: 1 })),
});

const numeric = (type: 'integer' | 'number'): fc.Arbitrary<Draft> =>
  sparse({
    type: fc.constant(type),
    ...common,
    minimum: optional(fc.integer({ min: -5, max: 5 })),
    maximum: optional(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(1e18))),
    exclusiveMinimum: optional(fc.integer({ min: -5, max: 5 })),
    exclusiveMaximum: optional(fc.integer({ min: -5, max: 5 })),
    multipleOf: optional(fc.constantFrom(1, 2, 3)),
    enum: optional(fc.uniqueArray(fc.integer({ min: -3, max: 3 }), { minLength: 1 })),
  });

/**
 * Names that a careless program takes for something else. Ajv itself stumbles over `__proto__`, `constructor`, `toString`
 * and `valueOf`: those have their own tests.
 */
const names = ['a', 'b', 'hasOwnProperty', 'isPrototypeOf', 'x y'] as const;

/** Ajv divides, and no schema can say of digits what they are a multiple of. */
const small = { minimum: -1000, maximum: 1000 };
const numericNode = (type: 'integer' | 'number'): fc.Arbitrary<Draft> =>
  numeric(type).map((draft) => (draft.multipleOf === undefined ? draft : { ...draft, ...small }));

const { node } = fc.letrec<{ node: Draft }>((tie) => {
  const inner = tie('node').map((draft): TypeNode => ({ ...draft, origin }));
  const properties = fc
    .uniqueArray(fc.constantFrom(...names), { maxLength: 4 })
    .chain((chosen) =>
      fc.tuple(...chosen.map((name) => inner.map((each): Property => ({ name, node: each })))),
    );
  return {
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      stringNode,
      numericNode('integer'),
      numericNode('number'),
      sparse({ type: fc.constant('boolean'), ...common }),
      sparse({
        type: fc.constant('array'),
        ...common,
        items: optional(inner),
        minItems: optional(fc.nat(2)),
        maxItems: optional(fc.nat(4)),
        uniqueItems: optional(fc.boolean()),
      }),
      sparse({
        type: fc.constant('object'),
        ...common,
        properties: optional(properties),
        required: optional(fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 })),
        additionalProperties: optional(fc.boolean()),
      }),
    ),
  };
});

/** Declared types with every keyword, but those on which JSON Schema validators and this program differ on purpose. */
export const typeNodes: fc.Arbitrary<TypeNode> = node.map((draft) => ({ ...draft, origin }));

const scalars: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    1,
    2,
    -1,
    6,
    0.5,
    1e20,
    'a',
    'ab',
    'abc',
    'é',
    '😀😀😀',
    '',
    '42',
    '1.5',
  ),
  fc.constantFrom<Json>(
    '9007199254740993',
    '-9007199254740993',
    '9007199254740991',
    '12345678901234567.89',
    'x@example.com',
    'x@',
    'https://example.com/a?b#c',
    'mailto:x',
    'P1DT2H',
    'P',
    'PT',
    '03:04:05',
    '03:04:05.5+02:00',
    '25:00:00',
    '1700000000.5',
    '2024-01-02T03:04:05',
    '123e4567-e89b-12d3-a456-426614174000',
  ),
  fc.integer({ min: -10, max: 10 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 6 }),
);

/** A JSON object of own properties, whatever their names. */
export function jsonObject(entries: readonly (readonly [string, Json])[]): Json {
  const object = Object.create(null) as Record<string, Json>;
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** Any small JSON value. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalars,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...names, 'other'), tie('value')), {
        maxLength: 4,
        selector: ([k]) => k,
      })
      .map(jsonObject),
  ),
})).value;

/** Values of the right kind at each place, mostly: what random JSON would seldom hit. */
export function valueFor(type: TypeNode): fc.Arbitrary<Json> {
  const fitting: Record<TypeNode['type'], () => fc.Arbitrary<Json>> = {
    string: () =>
      fc.oneof(
        scalars.filter((value) => typeof value === 'string'),
        fc.constantFrom(...(type.enum ?? ['a'])),
      ),
    integer: () =>
      fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom('9007199254740993', '-9007199254740994')),
    number: () =>
      fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(0.5, 1e20, '12345678901234567.89')),
    boolean: () => fc.boolean(),
    array: () => fc.array(type.items === undefined ? anyJson : valueFor(type.items), { maxLength: 4 }),
    object: () => objectFor(type),
  };
  return fc.oneof(
    { weight: 8, arbitrary: fitting[type.type]() },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: anyJson },
  );
}

function objectFor(type: TypeNode): fc.Arbitrary<Json> {
  const members = (type.properties ?? []).map(({ name, node: property }) =>
    fc.tuple(fc.constant(name), valueFor(property), fc.boolean(), fc.boolean()),
  );
  const extra = fc.option(fc.tuple(fc.constantFrom(...names, 'other'), anyJson), { nil: undefined, freq: 4 });
  return fc
    .tuple(fc.tuple(...members), extra)
    .map(([declared, other]) =>
      jsonObject([
        ...(other === undefined ? [] : [other]),
        ...declared
          .filter(([, , keep, really]) => keep || really)
          .map(([name, value]) => [name, value] as const),
      ]),
    );
}
