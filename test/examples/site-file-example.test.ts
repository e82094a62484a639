import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fileValidator, readSchema } from '../../src/project/schemas.js';

type Schema = Readonly<Record<string, unknown>>;

const example: unknown = parse(readFileSync(new URL('../../mxcp-site.yml.example', import.meta.url), 'utf8'));
const schema: Schema = readSchema('site');
const definitions = schema['$defs'] as Readonly<Record<string, Schema>>;

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The keys of one place, or of a definition wherever it is used, and what the example says there. */
interface Place {
  readonly keys: Schema;
  readonly used: Set<string>;
}

const places = new Map<string, Place>();

function definitionOf(node: Schema): string | undefined {
  return /^#\/\$defs\/(\w+)$/.exec(typeof node['$ref'] === 'string' ? node['$ref'] : '')?.[1];
}

/** Notes every value of the example at the place of the schema that it belongs to. */
function visit(node: Schema, value: unknown, path: string): void {
  const name = definitionOf(node);
  if (name !== undefined) visit(definitions[name] ?? {}, value, name);
  const list = isObject(node['then']) && isObject(node['then']['items']) ? node['then'] : node;
  const { items } = list;
  if (Array.isArray(value) && isObject(items)) value.forEach((item) => visit(items, item, `${path}[]`));
  if (!isObject(value)) return;
  const keys = isObject(node['properties']) ? node['properties'] : {};
  const place = places.get(path) ?? { keys, used: new Set() };
  places.set(path, place);
  for (const [key, child] of Object.entries(value)) {
    const known = keys[key] ?? node['additionalProperties'];
    place.used.add(key);
    if (isObject(known)) visit(known, child, `${path}.${key in keys ? key : '*'}`);
  }
}

/** Other words for fields that the example has, another place for `transport.stdio`, and what is for later versions. */
const left = new Set([
  'persona.id',
  'authProvider.type',
  'authProvider.provider_name',
  'authProvider.config_url',
  'auth.auth_encryption_key',
  'auth.persistence.auth_encryption_key',
  'site.profiles.*.stdio',
  'site.profiles.*.telemetry',
]);

function missing(): string[] {
  return [...places].flatMap(([path, { keys, used }]) =>
    Object.entries(keys)
      .filter(([key, node]) => !used.has(key) && !left.has(`${path}.${key}`) && isAvailable(node))
      .map(([key]) => `${path}.${key}`),
  );
}

function isAvailable(node: unknown): boolean {
  return !JSON.stringify(node).includes('"x-not-available"') && !JSON.stringify(node).includes('"x-ignored"');
}

describe('mxcp-site.yml.example', () => {
  it('is valid', () => {
    const validate = fileValidator('site');
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
  });

  it('has every field that the schema has', () => {
    visit(schema, example, 'site');
    expect(missing()).toEqual([]);
    expect(places.size).toBeGreaterThan(20);
  });
});
