import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const standard: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.webworker.d.ts'],
  types: [],
};

/** What the compiler says of files of a site, as `file:line:column TS0000`. `mxcp` is what the site has as declarations. */
export function problemsOf(root: string, files: readonly string[]): readonly string[] {
  const paths = { mxcp: [join(root, '.mxcp/types/author/api.d.ts')] };
  const names = files.map((file) => join(root, file));
  const program = ts.createProgram(names, { ...standard, paths });
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, code }) => {
    if (file === undefined) return `TS${code}`;
    const { line, character } = file.getLineAndCharacterOfPosition(start);
    return `${relative(root, file.fileName)}:${line + 1}:${character + 1} TS${code}`;
  });
}

/** A language server over a site, as an editor runs it: with the site's own tsconfig.json. */
export function openEditor(root: string): ts.LanguageService {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options, fileNames } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const libraries = dirname(ts.getDefaultLibFilePath(options));
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => fileNames,
    getScriptVersion: (path) => ts.sys.getModifiedTime?.(path)?.getTime().toString() ?? '0',
    getScriptSnapshot: (path) => {
      const text = ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (given) => join(libraries, ts.getDefaultLibFileName(given)),
    fileExists: (path) => ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  });
}
