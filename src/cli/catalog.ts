import type { Command } from 'commander';
import type { Invoke } from './context.js';

/** A command's file: its arguments and options, and the action that runs it. */
export interface CommandModule {
  /** Adds arguments, options and the action to a command that already has its name and summary. */
  readonly configure: (command: Command, invoke: Invoke) => void;
}

export interface CatalogEntry {
  readonly name: string;
  readonly summary: string;
  /** The command looks at all others, so these are loaded with it. */
  readonly wholeTree?: true;
  /** Loads the command's file, so that a command pays for no other. */
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of `mxcp --help`. */
export const catalog: readonly CatalogEntry[] = [
  { name: 'init', summary: 'Create a new site', load: () => import('./init.js') },
  { name: 'serve', summary: 'Validate everything, then serve it over MCP', load: () => import('./serve.js') },
  { name: 'run', summary: 'Call one tool, resource or prompt', load: () => import('./run.js') },
  { name: 'query', summary: 'Run SQL on the database of the site', load: () => import('./query.js') },
  { name: 'list', summary: 'List tools, resources and prompts', load: () => import('./list.js') },
  {
    name: 'validate',
    summary: 'Find everything that is wrong with the site',
    load: () => import('./validate.js'),
  },
  { name: 'test', summary: 'Run the tests of the endpoints', load: () => import('./test.js') },
  { name: 'log', summary: 'Search, follow, count and export the audit log', load: () => import('./log.js') },
  {
    name: 'log-cleanup',
    summary: 'Delete audit records that are older than the site keeps them',
    load: () => import('./log-cleanup.js'),
  },
  {
    name: 'doctor',
    summary: 'Run the production checklist against the site, or a running server',
    load: () => import('./doctor.js'),
  },
  {
    name: 'types',
    summary: 'Write the types of arguments and results for TypeScript bodies',
    load: () => import('./types.js'),
  },
  {
    name: 'keys',
    summary: 'Make, rotate and revoke API keys, and rotate the encryption of their store',
    load: () => import('./keys.js'),
  },
  {
    name: 'clients',
    summary: 'List the applications that people let in, and revoke one for everybody',
    load: () => import('./clients.js'),
  },
  { name: 'schema', summary: 'Print the JSON Schema of a file format', load: () => import('./schema.js') },
  { name: 'config', summary: 'Print the effective configuration', load: () => import('./config.js') },
  {
    name: 'completion',
    summary: 'Print a completion script for a shell',
    wholeTree: true,
    load: () => import('./completion.js'),
  },
];
