import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import type ts from 'typescript';
import { authorTypes } from '../../engine/author-types.js';
import type { Origin, Problem } from '../../errors.js';
import { excerpt, locate, type SourceText } from '../../lib/source-text.js';
import type { TypeScriptBody } from '../../model/endpoint.js';
import type { Project } from '../../model/project.js';
import { loadCompiler, type Compiler, type CompilerSearch } from './load-compiler.js';
import { siteProgram, type SiteProgram } from './site-program.js';

/** The text of a file of the program, as far as it is the author's. */
function textOf(root: string, { inline }: SiteProgram, file: ts.SourceFile): SourceText {
  const body = inline.get(file.fileName);
  if (body !== undefined) return body.source;
  const inside = relative(root, file.fileName);
  const shown = inside.startsWith('..') || isAbsolute(inside) ? file.fileName : inside.replaceAll('\\', '/');
  return { text: file.text, origin: { file: shown, line: 1, column: 1 }, indent: 0 };
}

function labelOf({ endpoints }: Project, path: string, body: TypeScriptBody | undefined): string | undefined {
  const users = endpoints.filter((each) => {
    if (each.body?.language !== 'typescript') return false;
    return body === undefined ? each.body.file === path : each.body === body;
  });
  const [user] = users;
  return user !== undefined && users.length === 1 ? `${user.kind}/${user.name}` : undefined;
}

function problemOf(
  compiler: Compiler,
  project: Project,
  site: SiteProgram,
  { file, start = 0, code, messageText }: ts.Diagnostic,
): Problem {
  const message = `${compiler.flattenDiagnosticMessageText(messageText, '\n')} (TS${code})`;
  const remedy = message.startsWith("Cannot find module 'mxcp'") ? declarationsRemedy : undefined;
  const found = { severity: 'error' as const, rule: 'type-error', message, ...(remedy && { remedy }) };
  if (file === undefined) return { ...found, origin: configOrigin };
  const source = textOf(project.root, site, file);
  const endpoint = labelOf(project, file.fileName, site.inline.get(file.fileName));
  return {
    ...found,
    origin: locate(source, start),
    excerpt: excerpt(source, start),
    ...(endpoint !== undefined && { endpoint }),
  };
}

const declarationsRemedy =
  'Run mxcp types, and let "paths" of tsconfig.json say where they are: {"mxcp": ["./.mxcp/types/author/api.d.ts"]}.';

const configOrigin: Origin = { file: 'tsconfig.json', line: 1, column: 1 };

function notChecked(search: CompilerSearch & { readonly found: undefined }): Problem {
  const { reason, version = '(this version)' } = search;
  const why = {
    absent: 'the package typescript is not installed in the site',
    broken: 'the package typescript of the site fails while it is loaded',
    'no-api': `typescript ${version} has no programming interface`,
  }[reason];
  return {
    severity: 'warning',
    rule: 'types-not-checked',
    message: `The types of TypeScript bodies are not checked: ${why}`,
    remedy: 'npm install --save-dev typescript@6, in the folder of the site',
    origin: configOrigin,
  };
}

/** Types that were written before an endpoint file changed. */
function staleTypes(file: string, shown: string, text: string): Problem[] {
  if (!existsSync(file) || readFileSync(file, 'utf8') === text) return [];
  const message = 'The types are not those of the endpoint files any more';
  const origin = { file: shown, line: 1, column: 1 };
  return [{ severity: 'warning', rule: 'types-out-of-date', message, remedy: 'Run mxcp types.', origin }];
}

/**
 * Checks the types of a site's TypeScript with the site's own compiler and options, against the endpoint files as they are
 * (spec page 08). Nothing without a tsconfig.json; without a compiler, one warning. While endpoint files are
 * broken, the types on disk are taken, if there are any: those of a broken endpoint are not known.
 */
export function checkAuthorTypes(project: Project): readonly Problem[] {
  const { root, bodies: settings, endpoints, broken } = project;
  if (!existsSync(join(root, 'tsconfig.json'))) return [];
  const search = loadCompiler(root);
  if (search.found === undefined) return [notChecked(search)];
  const compiler = search.found;
  const file = join(settings.typescriptFolder, 'types.gen.ts');
  const text = authorTypes(project);
  const fresh = broken.length === 0 || !existsSync(file);
  const bodies = endpoints.flatMap(({ body }) => (body?.language === 'typescript' ? [body] : []));
  const site = siteProgram(compiler, root, bodies, new Map(fresh ? [[file, text]] : []));
  // With options that are not the author's, all else may be a consequence.
  const { configErrors } = site;
  const diagnostics = configErrors.length > 0 ? configErrors : compiler.getPreEmitDiagnostics(site.program);
  const errors = diagnostics.filter(({ category }) => category === compiler.DiagnosticCategory.Error);
  return [
    ...(fresh ? staleTypes(file, relative(root, file), text) : []),
    ...errors.map((one) => problemOf(compiler, project, site, one)),
  ];
}
