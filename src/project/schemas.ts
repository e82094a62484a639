import { readFileSync } from 'node:fs';
import type { Json, JsonObject } from '../model/json.js';
import { schemaCompiler, type SchemaValidator } from '../lib/schema.js';

/** The files whose format is published in `schemas/` and enforced by this program. */
export const fileKinds = ['site', 'config', 'tool', 'resource', 'prompt', 'test'] as const;

/** Everything that `mxcp schema KIND` can print. */
export const schemaKinds = [...fileKinds, 'audit-record'] as const;

export type FileKind = (typeof fileKinds)[number];
export type SchemaKind = (typeof schemaKinds)[number];

const folder = new URL('../../schemas/', import.meta.url);

function readJson(name: string): JsonObject {
  return JSON.parse(readFileSync(new URL(`${name}.schema.json`, folder), 'utf8')) as JsonObject;
}

/** A published JSON Schema (2020-12) as one self-contained document: what `mxcp schema KIND` prints. */
export function readSchema(kind: SchemaKind): JsonObject {
  const schema = readJson(kind);
  if (!JSON.stringify(schema).includes('common.schema.json#')) return schema;
  const definitions = localize(readJson('common')['$defs'] ?? {}) as JsonObject;
  return { ...(localize(schema) as JsonObject), $defs: definitions };
}

/** The same schema with references into the common file turned into local ones. */
function localize(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => localize(item));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      key === '$ref' && typeof child === 'string'
        ? child.replace('common.schema.json#', '#')
        : localize(child),
    ]),
  );
}

let compiler: ReturnType<typeof newCompiler> | undefined;

/** `x-not-available` marks what a later version brings, `x-ignored` what is read without effect; both carry the reason. */
function newCompiler(): ReturnType<typeof schemaCompiler> {
  const ajv = schemaCompiler({ verbose: true, strictRequired: false });
  ajv.addKeyword('x-hint');
  for (const keyword of ['x-not-available', 'x-ignored']) {
    ajv.addKeyword({ keyword, schemaType: 'string', validate: () => false });
  }
  ajv.addSchema(readJson('common'));
  return ajv;
}

/** The compiled validator of a kind of file; compiled at its first use. */
export function fileValidator(kind: FileKind): SchemaValidator {
  compiler ??= newCompiler();
  const known = compiler.getSchema(`${kind}.schema.json`);
  return known ?? compiler.compile(readJson(kind));
}
