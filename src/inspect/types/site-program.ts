import { join } from 'node:path';
import type ts from 'typescript';
import type { TypeScriptBody } from '../../model/endpoint.js';
import type { Compiler } from './load-compiler.js';

/** A site's TypeScript as the compiler sees it. */
export interface SiteProgram {
  readonly program: ts.Program;
  readonly configErrors: readonly ts.Diagnostic[];
  /** The inline body that a file of the program stands for. */
  readonly inline: ReadonlyMap<string, TypeScriptBody>;
}

const isInline = ({ file }: TypeScriptBody): boolean => /\.ya?ml$/i.test(file);

/** Inline code gets a name beside its YAML file, so that its imports are found from there. */
function nameInline(bodies: readonly TypeScriptBody[]): ReadonlyMap<string, TypeScriptBody> {
  return new Map(bodies.filter(isInline).map((body, index) => [`${body.file}.${index}.ts`, body]));
}

/** Says that tsconfig.json includes no file; bodies are found by their endpoints. */
const noInputs = 18003;

/** The compiler's host, with texts that are not, or not so, on disk. */
function hostWith(
  compiler: Compiler,
  options: ts.CompilerOptions,
  texts: ReadonlyMap<string, string>,
): ts.CompilerHost {
  const host = compiler.createCompilerHost(options);
  return {
    ...host,
    fileExists: (path) => texts.has(path) || host.fileExists(path),
    readFile: (path) => texts.get(path) ?? host.readFile(path),
    getSourceFile: (path, language, ...rest) => {
      const text = texts.get(path);
      if (text === undefined) return host.getSourceFile(path, language, ...rest);
      return compiler.createSourceFile(path, text, language);
    },
  };
}

/**
 * Everything that the site's tsconfig.json includes and all bodies, with the site's own options. `generated`: texts that
 * stand for files, whatever is on disk.
 */
export function siteProgram(
  compiler: Compiler,
  root: string,
  bodies: readonly TypeScriptBody[],
  generated: ReadonlyMap<string, string>,
): SiteProgram {
  const file = join(root, 'tsconfig.json');
  const read = compiler.readConfigFile(file, (path) => compiler.sys.readFile(path));
  const parsed = compiler.parseJsonConfigFileContent(read.config, compiler.sys, root, { noEmit: true }, file);
  const inline = nameInline(bodies);
  const texts = new Map([
    ...generated,
    ...[...inline].map(([path, { source }]) => [path, source.text] as const),
  ]);
  const files = bodies.filter((body) => !isInline(body)).map((body) => body.file);
  const rootNames = [...new Set([...parsed.fileNames, ...files, ...inline.keys()])];
  const host = hostWith(compiler, parsed.options, texts);
  return {
    program: compiler.createProgram({ rootNames, options: parsed.options, host }),
    configErrors: [...(read.error ? [read.error] : []), ...parsed.errors].filter(
      ({ code }) => code !== noInputs,
    ),
    inline,
  };
}
