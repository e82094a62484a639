import { relative } from 'node:path';
import { listOperations } from '../engine/listing.js';
import type { Runtime } from '../engine/runtime.js';
import type { AuthSettings } from '../model/auth-settings.js';
import type { EndpointKind } from '../model/rule.js';
import { cliRequest } from './cli-request.js';
import type { Colors } from './context.js';
import { countText } from './count-text.js';
import { packageVersion } from './version.js';
import { printable } from './printable.js';

/** What the start of a server tells. */
export interface Serving {
  readonly runtime: Runtime;
  /** URL of the MCP endpoint, for clients; absent over stdio. */
  readonly url?: string;
  /** URL of the MCP endpoint on this machine; absent over stdio. */
  readonly listening?: string;
  /** The persona that every caller is (`--as`). */
  readonly as?: string;
}

/** What is served, where, and how it is protected, as the result of `--json`. */
export interface ServingReport {
  readonly project: string;
  readonly profile: string;
  readonly transport: 'streamable-http' | 'stdio';
  readonly url: string | null;
  readonly listening: string | null;
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
  readonly left_out: readonly string[];
  readonly authentication: string;
  readonly audit: string | null;
  readonly database: string;
  readonly readonly: boolean;
}

/** The ways in over HTTP, by name. */
function waysIn({ issuer, verifiers, apiKeys, clientCertificates, allowAnonymous }: AuthSettings): string {
  return [
    ...(issuer === undefined ? [] : [`sign-in at ${issuer.providers.map(({ name }) => name).join(', ')}`]),
    ...(verifiers.length === 0 ? [] : [`tokens of ${verifiers.map(({ name }) => name).join(', ')}`]),
    ...(apiKeys ? ['API keys'] : []),
    ...(clientCertificates ? ['client certificates'] : []),
    ...(allowAnonymous ? ['anonymous callers too'] : []),
  ].join('; ');
}

function authenticationText({ runtime, url, as }: Serving): string {
  const { auth, transport } = runtime.project;
  if (!auth.open && url !== undefined) return waysIn(auth);
  const who =
    url === undefined
      ? 'the local client'
      : auth.allowAnonymous
        ? 'anyone who can connect'
        : 'this machine only';
  const stated = url === undefined ? transport.stdioUser : undefined;
  const caller =
    as === undefined ? (stated === undefined ? 'anonymous' : 'the configured user') : `${as} (--as)`;
  return `none: ${who}, every caller is ${caller}`;
}

/** Collects what a served runtime is. */
export function servingReport(serving: Serving): ServingReport {
  const { runtime, url, listening } = serving;
  const { project, registry, database } = runtime;
  const count = (kind: EndpointKind): number => registry.list(kind).length;
  const uncompiled = project.endpoints.filter(({ kind, name }) => registry.find(kind, name) === undefined);
  return {
    project: project.name,
    profile: project.profile,
    transport: url === undefined ? 'stdio' : 'streamable-http',
    url: url ?? null,
    listening: listening ?? null,
    tools: count('tool'),
    resources: count('resource'),
    prompts: count('prompt'),
    left_out: [...project.broken.map(({ file }) => file), ...uncompiled.map(({ origin }) => origin.file)],
    authentication: authenticationText(serving),
    audit: project.audit.enabled ? project.audit.path : null,
    database: project.database.path,
    readonly: database.readonly,
  };
}

/** A newcomer who finds an empty list of tools learns here why. */
function unseenText({ runtime, url, as }: Serving): string | undefined {
  const { project, registry } = runtime;
  const anonymous =
    as === undefined && (url === undefined ? project.transport.stdioUser === undefined : project.auth.open);
  const all = registry.list('tool').length;
  if (!anonymous || all === 0) return undefined;
  const transport = url === undefined ? 'stdio' : 'http';
  const request = { ...cliRequest({}), transport } as const;
  const seen = listOperations(runtime, runtime.callerOf(transport), request, 'tool').operations.length;
  const [name] = Object.keys(project.users);
  const hint = name === undefined ? '' : `; try --as ${printable(name)}`;
  return seen > 0 ? undefined : `an anonymous caller sees 0 of ${countText(all, 'tool')}${hint}`;
}

function shownPath(root: string, path: string): string {
  const short = relative(root, path);
  return path === ':memory:' || short.startsWith('..') ? path : short;
}

/** The start banner: what is served, where, with which authentication, whether it is recorded, what was left out. */
export function bannerText(serving: Serving, colors: Colors): string {
  const report = servingReport(serving);
  const { root } = serving.runtime.project;
  const audit =
    report.audit === null
      ? colors.red('OFF: calls leave no record')
      : `${shownPath(root, report.audit).replace(/(?:\.jsonl)?$/, '')}-*.jsonl`;
  const offered = [
    countText(report.tools, 'tool'),
    countText(report.resources, 'resource'),
    countText(report.prompts, 'prompt'),
  ].join(', ');
  const unseen = unseenText(serving);
  const lines: readonly (readonly [string, string])[] = [
    ['serves', `${offered} of ${root}`],
    ['at', report.url ?? 'stdio'],
    ...(report.listening === report.url ? [] : [['listens', `at ${report.listening}`] as const]),
    ['sign-in', report.authentication],
    ...(unseen === undefined ? [] : [['note', colors.yellow(unseen)] as const]),
    ['database', `${shownPath(root, report.database)}${report.readonly ? ', read-only' : ''}`],
    ['audit log', audit],
    ...(report.left_out.length === 0
      ? []
      : [['left out', colors.yellow(printable(report.left_out.join(', ')))] as const]),
  ];
  const title = `mxcp ${packageVersion()} (node): ${report.project}, profile ${report.profile}`;
  return [
    colors.bold(printable(title)),
    ...lines.map(([name, text]) => `  ${colors.dim(name.padEnd(9))} ${text}`),
  ].join('\n');
}
