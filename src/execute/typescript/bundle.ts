import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  build,
  type BuildFailure,
  type BuildOptions,
  type Message,
  type OnLoadResult,
  type Plugin,
} from 'esbuild';
import type { Problem } from '../../errors.js';
import { makeBodyFolder } from './body-folder.js';
import { compileProblem, isInline, linesBefore, type ModuleSource } from './body-problem.js';

/** Bodies, plugins and hooks as modules that a worker can import. */
export interface Bundle {
  /** Holds everything that a worker reads to run; nothing else is in it. */
  readonly folder: string;
  /** The worker's own program. */
  readonly program: string;
  /** The program of the thread between the server and a worker that it waits for. */
  readonly relay: string;
  /** URL of a module; absent for one with problems. */
  readonly urls: ReadonlyMap<ModuleSource, string>;
  readonly problems: ReadonlyMap<ModuleSource, readonly Problem[]>;
  readonly remove: () => Promise<void>;
}

/** Our own modules, which are TypeScript in the sources and JavaScript in the package. */
function own(name: string): string {
  return fileURLToPath(new URL(`${name}${extname(import.meta.url)}`, import.meta.url));
}

/** Packages in CommonJS ask for Node's modules by `require`, which an ES module does not have. */
const banner =
  "import { createRequire as __mxcpRequire } from 'node:module'; const require = __mxcpRequire(import.meta.url);";

/** Gives inline code its text; a file is read by esbuild. */
function inlineCode(bodies: readonly ModuleSource[]): Plugin {
  const byFile = new Map(bodies.filter(isInline).map((body) => [body.file, body]));
  return {
    name: 'inline-code',
    setup: (build) => {
      build.onLoad({ filter: /\.ya?ml$/i }, ({ path }) => {
        const body = byFile.get(path);
        if (body === undefined) return undefined;
        const contents = '\n'.repeat(linesBefore(body.source)) + body.source.text;
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}

const code = /\.[cm]?[jt]sx?$/i;
const ofPackage = `${sep}node_modules${sep}`;

/**
 * esbuild reads whatever file a comment calls a source map, also one without an end, with the server's rights. Of packages
 * nobody needs the maps; of several comments the last one counts.
 */
async function withoutMap(path: string): Promise<OnLoadResult | undefined> {
  const contents = await readFile(path, 'utf8');
  if (!contents.includes('sourceMappingURL=')) return undefined;
  return { contents: `${contents}\n//# sourceMappingURL=data:application/json,{}`, loader: 'default' };
}

/**
 * Data that is imported becomes part of the bundle, read with the server's rights: only what bodies can read anyway, and
 * what is kept beside them. Otherwise a package has keys and the environment of this process by an `import`.
 */
function ownData(bodies: readonly ModuleSource[], root: string): Plugin {
  const folders = [...new Set(bodies.map(({ file }) => dirname(file))), join(root, 'data')]
    .filter((folder) => existsSync(folder))
    .map((folder) => `${realpathSync(folder)}${sep}`);
  const isOwn = (path: string): boolean =>
    path.includes(ofPackage) || folders.some((folder) => path.startsWith(folder));
  return {
    name: 'own-data',
    setup: (build) => {
      build.onLoad({ filter: /./, namespace: 'file' }, ({ path, with: attributes }) => {
        const isCode = (code.test(path) || /\.ya?ml$/i.test(path)) && Object.keys(attributes).length === 0;
        if (isCode && path.includes(ofPackage)) return withoutMap(path);
        if (isCode || isOwn(path)) return undefined;
        const text = `${path} is no code: what a module imports beside code has to lie in its folder, in data/ of the site or in node_modules/`;
        return { errors: [{ text }] };
      });
    },
  };
}

function optionsFor(
  bodies: readonly ModuleSource[],
  root: string,
  folder: string,
): BuildOptions & { write: boolean } {
  const files = [...new Set(bodies.map(({ file }) => file))];
  return {
    entryPoints: [
      { in: own('./worker/main'), out: 'worker' },
      { in: own('./relay/main'), out: 'relay' },
      ...files.map((file, index) => ({ in: file, out: `body-${index}` })),
    ],
    outdir: folder,
    absWorkingDir: '/',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outExtension: { '.js': '.mjs' },
    sourcemap: 'linked',
    sourcesContent: false,
    banner: { js: banner },
    alias: { mxcp: own('../../author/api') },
    plugins: [ownData(bodies, root), inlineCode(bodies)],
    logLevel: 'silent',
    write: true,
  };
}

function messagesOf(error: unknown): readonly Message[] {
  const failure = error as Partial<BuildFailure>;
  // That `mxcp` is a file and no folder, of 'mxcp/…'; the import itself is told too.
  if (Array.isArray(failure.errors))
    return failure.errors.filter(({ text }) => !text.startsWith('Cannot read directory'));
  throw error;
}

async function problemsOf(body: ModuleSource, root: string, folder: string): Promise<readonly Problem[]> {
  try {
    await build({ ...optionsFor([body], root, folder), write: false });
    return [];
  } catch (error) {
    return messagesOf(error).map((message) =>
      compileProblem(root, body, {
        ...message,
        location: message.location && { ...message.location, file: join('/', message.location.file) },
      }),
    );
  }
}

async function buildAll(
  bodies: readonly ModuleSource[],
  root: string,
  folder: string,
): Promise<Pick<Bundle, 'problems'> & { readonly good: readonly ModuleSource[] }> {
  try {
    await build(optionsFor(bodies, root, folder));
    return { problems: new Map(), good: bodies };
  } catch (error) {
    messagesOf(error);
  }
  const problems = new Map<ModuleSource, readonly Problem[]>();
  for (const body of bodies) {
    const found = await problemsOf(body, root, folder);
    if (found.length > 0) problems.set(body, found);
  }
  const good = bodies.filter((body) => !problems.has(body));
  await build(optionsFor(good, root, folder));
  return { problems, good };
}

/**
 * Bundles modules with what they import (local files, the site's `node_modules`) into a folder of their own, once at load
 * (spec page 08). Modules that several of them import are one module in a worker. What does not compile is a problem in
 * the author's file, and left out.
 */
export async function bundleModules(bodies: readonly ModuleSource[], root: string): Promise<Bundle> {
  const { path: folder, remove } = await makeBodyFolder();
  try {
    const { problems, good } = await buildAll(bodies, root, folder);
    const files = [...new Set(good.map(({ file }) => file))];
    const url = ({ file }: ModuleSource): string =>
      pathToFileURL(join(folder, `body-${files.indexOf(file)}.mjs`)).href;
    return {
      folder,
      program: join(folder, 'worker.mjs'),
      relay: join(folder, 'relay.mjs'),
      urls: new Map(good.map((body) => [body, url(body)])),
      problems,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
