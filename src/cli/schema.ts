import { Argument, type Command } from 'commander';
import { readSchema, schemaKinds, type SchemaKind } from '../project/schemas.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { printResult } from './output.js';

/** Prints the published JSON Schema of a file format, self-contained, as plain JSON also without `--json`. */
export function schema(context: Context, kind: SchemaKind): ExitCode {
  const document = readSchema(kind);
  return printResult(context, document, () => JSON.stringify(document, null, 2));
}

/** `mxcp schema KIND`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .addArgument(new Argument('<kind>', 'the file format').choices(schemaKinds))
    .action((kind: SchemaKind) => invoke((context) => Promise.resolve(schema(context, kind))));
}
