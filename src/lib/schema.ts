import { Ajv2020, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export type SchemaError = ErrorObject;
export type SchemaValidator = ValidateFunction;

/** Schemas are compiled at each start and asked a few times: code that is made fast, not fast code. */
const quick: Options = { inlineRefs: false, code: { optimize: false } };

/** A JSON Schema 2020-12 compiler with the standard formats; all errors are reported, unknown keywords refused. */
export function schemaCompiler(options: Options = {}): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, ...quick, ...options });
  formats.default(ajv);
  return ajv;
}
