import { describe, expect, it } from 'vitest';
import { schemaCompiler } from '../../src/lib/schema.js';
import type { Json, JsonObject } from '../../src/model/json.js';
import { fileKinds, fileValidator, readSchema } from '../../src/project/schemas.js';

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every property that a schema declares, with where it stands. */
function properties(node: Json, path: string): readonly (readonly [string, JsonObject])[] {
  if (Array.isArray(node)) return node.flatMap((item: Json, index) => properties(item, `${path}/${index}`));
  if (!isObject(node)) return [];
  const declared = isObject(node['properties']) ? Object.entries(node['properties']) : [];
  const own = declared.filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
  const below = Object.entries(node).flatMap(([key, child]) =>
    key === 'if' ? [] : properties(child, `${path}/${key}`),
  );
  return [...own.map(([name, child]) => [`${path}/${name}`, child] as const), ...below];
}

describe('the published schemas', () => {
  it.each(fileKinds)('%s describes every field', (kind) => {
    const schema = readSchema(kind);
    const fields = properties(schema, '');
    expect(fields.length).toBeGreaterThan(2);
    const definitions = isObject(schema['$defs']) ? schema['$defs'] : {};
    const described = (field: JsonObject): boolean => {
      if (typeof field['description'] === 'string') return true;
      const { $ref } = field;
      const target = typeof $ref === 'string' ? definitions[$ref.replace('#/$defs/', '')] : undefined;
      return isObject(target) && typeof target['description'] === 'string';
    };
    expect(fields.filter(([, field]) => !described(field)).map(([path]) => path)).toEqual([]);
  });

  it.each(fileKinds)(
    '%s is one self-contained document of JSON Schema 2020-12 when it is printed',
    (kind) => {
      const schema = readSchema(kind);
      expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
      expect(JSON.stringify(schema)).not.toContain('common.schema.json');
      const ajv = schemaCompiler({ strictRequired: false });
      for (const keyword of ['x-hint', 'x-not-available', 'x-ignored']) ajv.addKeyword(keyword);
      expect(typeof ajv.compile(schema)).toBe('function');
    },
  );

  it('accept and refuse the same as the program', () => {
    const ajv = schemaCompiler({ strictRequired: false });
    for (const keyword of ['x-hint', 'x-not-available', 'x-ignored']) ajv.addKeyword(keyword);
    const printed = ajv.compile(readSchema('tool'));
    const files = [
      { tool: { name: 't', source: { code: 'SELECT 1' } } },
      { tool: { name: 't', source: {} } },
      { tool: { name: 't t', source: { code: 'x' } } },
      {
        tool: { name: 't', source: { code: 'x' }, tags: 'a', policies: { output: { action: 'keep_rows' } } },
      },
    ];
    expect(files.map((file) => printed(file))).toEqual([true, false, false, false]);
    expect(files.map((file) => fileValidator('tool')(file))).toEqual([true, false, false, false]);
  });

  it('compile once', () => {
    expect(fileValidator('site')).toBe(fileValidator('site'));
  });
});
