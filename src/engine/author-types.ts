import { extname, relative, sep } from 'node:path';
import type { Endpoint } from '../model/endpoint.js';
import type { Project } from '../model/project.js';
import type { PluginSettings } from '../model/settings.js';
import { parametersNode } from '../validate/arguments.js';
import { docComment, typescriptType } from '../validate/typescript-type.js';

const header = `// Written by \`mxcp types\` from the endpoint files. Do not edit: run \`mxcp types\` again.
/* eslint-disable */
`;

const kindSuffix = { tool: '', resource: 'Resource', prompt: 'Prompt' } as const;

/** `churn_risk` → `ChurnRisk`; letters and digits of any script. */
function pascalCase(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const joined = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  return /^\p{L}/u.test(joined) ? joined : `_${joined}`;
}

/** What the types of an endpoint are named after: of a resource its `name`, which its body is called too, else its URI. */
function namedAfter(endpoint: Endpoint): string {
  return endpoint.kind === 'resource' ? (endpoint.displayName ?? endpoint.name) : endpoint.name;
}

/**
 * The base name of each endpoint's types. Resources and prompts carry their kind, so that a tool of the same name changes
 * nothing; of endpoints that differ in punctuation only, those that sort later are numbered.
 */
function typeNames(endpoints: readonly Endpoint[]): ReadonlyMap<Endpoint, string> {
  const taken = new Set<string>();
  const names = new Map<Endpoint, string>();
  for (const endpoint of endpoints) {
    const base = pascalCase(namedAfter(endpoint)) + kindSuffix[endpoint.kind];
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}${number}`;
    taken.add(name);
    names.set(endpoint, name);
  }
  return names;
}

function argumentsType({ kind, name, description, parameters }: Endpoint, base: string): string {
  const said = description === undefined ? '' : `: ${description.trim()}`;
  const doc = docComment({ description: `Arguments of the ${kind} ${name}${said}` });
  const type =
    parameters.length === 0
      ? 'Record<string, never>'
      : typescriptType(parametersNode(parameters), 'argument');
  return `${doc}export type ${base}Args = ${type};\n`;
}

function resultType(endpoint: Endpoint, base: string): string {
  const doc = docComment({ description: `What the ${endpoint.kind} ${endpoint.name} returns.` });
  return `${doc}export type ${base}Result = ${returned(endpoint)};\n`;
}

/** Without a declared type, whatever JSON can say, or blocks of `ctx.content`. */
function returned(endpoint: Endpoint): string {
  if (endpoint.kind === 'prompt') return 'PromptResult';
  const { returns } = endpoint;
  return returns === undefined ? 'unknown' : typescriptType(returns, 'result-root');
}

/** Adds the type of each plugin to `ctx.plugins`: what its `create` gives. */
function pluginTypes(plugins: readonly PluginSettings[], folder: string): string {
  if (plugins.length === 0) return '';
  const members = plugins.map(({ name, module }) => {
    const specifier = JSON.stringify(importPath(folder, module));
    return `    readonly ${JSON.stringify(name)}: Awaited<ReturnType<typeof import(${specifier}).create>>;`;
  });
  return `declare module 'mxcp' {\n  interface Plugins {\n${members.join('\n')}\n  }\n}\n`;
}

const runtimeExtension: Readonly<Record<string, string>> = { '.ts': '.js', '.mts': '.mjs' };

function importPath(folder: string, module: string): string {
  const extension = extname(module);
  const target = module.slice(0, -extension.length) + (runtimeExtension[extension] ?? extension);
  const path = relative(folder, target).split(sep).join('/');
  return path.startsWith('.') ? path : `./${path}`;
}

/**
 * The text of `typescript/types.gen.ts`: the types of arguments and results of every endpoint of the site, and of its
 * plugins (spec page 08). The same project gives the same text.
 */
export function authorTypes({ endpoints, plugins, bodies }: Project): string {
  const own = endpoints.filter((endpoint) => endpoint.body?.language !== 'builtin');
  const names = typeNames(own);
  const types = own.map((endpoint) => {
    const name = names.get(endpoint) ?? '';
    return `${argumentsType(endpoint, name)}\n${resultType(endpoint, name)}`;
  });
  const body = [...types, pluginTypes(plugins, bodies.typescriptFolder)].filter((part) => part !== '');
  return [header + imports(body.join('\n')), ...body].join('\n');
}

const importable = ['Json', 'JsonObject', 'PromptResult'] as const;

function imports(text: string): string {
  const used = importable.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  return used.length === 0 ? `export {};\n` : `import type { ${used.join(', ')} } from 'mxcp';\n`;
}
