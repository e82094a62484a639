import { InvalidArgumentError, Option, type Command } from 'commander';
import type { OperatorKeys } from '../engine/operator-keys.js';
import { spanMs } from '../project/units.js';
import type { Context, ExitCode, Invoke } from './context.js';
import type { Site } from './open-site.js';
import { printNote, printResult } from './output.js';
import { printable } from './printable.js';
import { tableText } from './table.js';
import { withOperator, type OpenOperator } from './with-operator.js';

type NewKey = Awaited<ReturnType<OperatorKeys['create']>>;
type KeyInfo = NewKey['info'];

interface CreateOptions {
  readonly role: readonly string[];
  readonly scope?: readonly string[];
  /** Milliseconds. */
  readonly expires: number;
}

interface RotateOptions {
  readonly expires: number;
  readonly overlap: number;
}

const dayMs = 86_400_000;
const warnBeforeMs = 7 * dayMs;
const longestMs = 3650 * dayMs;

function withKeys(
  context: Context,
  work: (keys: OperatorKeys, site: Site) => Promise<ExitCode>,
): Promise<ExitCode> {
  const open: OpenOperator<OperatorKeys> = async (...how) =>
    (await import('../engine/operator-keys.js')).openOperatorKeys(...how);
  return withOperator(context, open, work);
}

const iso = (millis: number): string => new Date(millis).toISOString();
const dateOf = (millis: number): string => iso(millis).slice(0, 10);

function statusOf({ expiresAt }: KeyInfo, now: number): 'live' | 'expires soon' | 'expired' {
  if (expiresAt <= now) return 'expired';
  return expiresAt - now <= warnBeforeMs ? 'expires soon' : 'live';
}

function infoJson(info: KeyInfo): object {
  const { id, name, roles, scopes, createdAt, expiresAt, lastUsedAt } = info;
  return {
    id,
    name,
    roles,
    scopes,
    created_at: iso(createdAt),
    expires_at: iso(expiresAt),
    last_used_at: lastUsedAt === undefined ? null : iso(lastUsedAt),
    status: statusOf(info, Date.now()),
  };
}

/** The key alone is on stdout, so that it can be piped to where it belongs; what to know about it is on stderr. */
function printNew(context: Context, { project }: Site, { text, info }: NewKey): ExitCode {
  if (!context.options.json) {
    const { id, name, expiresAt } = info;
    printNote(context, `Key ${id} of ${name}, until ${dateOf(expiresAt)}. It is shown once, now.`);
    if (!project.auth.apiKeys) printNote(context, 'No server takes it before auth.api_keys is true');
  }
  return printResult(context, { key: text, ...infoJson(info) }, () => text);
}

function noteWithoutScopes(
  context: Context,
  { project }: Site,
  { scopes }: OperatorKeys,
  { info }: NewKey,
): void {
  const [example] = scopes;
  if (info.scopes.length > 0 || example === undefined) return;
  const option = project.authorization.roles === undefined ? '--scope' : '--role';
  const may = `Without ${option} the key may use nothing that needs a scope, such as ${example}`;
  printNote(context, `${may}: for that, revoke it and create another`);
}

async function create(
  context: Context,
  name: string,
  { role, scope, expires }: CreateOptions,
): Promise<ExitCode> {
  return withKeys(context, async (keys, site) => {
    const expiresAt = Date.now() + expires;
    const request = { name, roles: role, expiresAt, ...(scope !== undefined && { scopes: scope }) };
    const made = await keys.create(request);
    noteWithoutScopes(context, site, keys, made);
    return printNew(context, site, made);
  });
}

async function rotate(
  context: Context,
  name: string,
  { expires, overlap }: RotateOptions,
): Promise<ExitCode> {
  return withKeys(context, async (keys, site) => {
    const now = Date.now();
    const made = await keys.rotate(name, { expiresAt: now + expires, retireAt: now + overlap });
    printNote(context, `The key before stays valid until ${iso(now + overlap).slice(0, 16)}Z at most`);
    return printNew(context, site, made);
  });
}

function listText(context: Context, all: readonly KeyInfo[]): string {
  if (all.length === 0) return 'No keys';
  const rows = all.map((info) => {
    const { id, name, roles, scopes, createdAt, expiresAt, lastUsedAt } = info;
    return [
      name,
      id,
      roles.join(' '),
      scopes === 'by-roles' ? 'by its roles' : scopes.join(' '),
      dateOf(createdAt),
      lastUsedAt === undefined ? 'never' : dateOf(lastUsedAt),
      dateOf(expiresAt),
      statusOf(info, Date.now()),
    ];
  });
  const head = ['NAME', 'ID', 'ROLES', 'SCOPES', 'CREATED', 'LAST USED', 'EXPIRES', 'STATUS'];
  return tableText(head, rows, context.colors.stdout);
}

async function list(context: Context): Promise<ExitCode> {
  return withKeys(context, async (keys) => {
    const all = await keys.list();
    return printResult(context, { keys: all.map(infoJson) }, () => listText(context, all));
  });
}

async function revoke(context: Context, nameOrId: string): Promise<ExitCode> {
  return withKeys(context, async (keys) => {
    const gone = await keys.revoke(nameOrId);
    const lines = gone.map(({ id, name }) => `Revoked key ${id} of ${name}`);
    return printResult(context, { revoked: gone.map(infoJson) }, () => printable(lines.join('\n')));
  });
}

async function rotateEncryption(context: Context): Promise<ExitCode> {
  return withKeys(context, async (keys) => {
    const rewritten = await keys.rotateEncryption();
    const text =
      rewritten === 0
        ? 'Every record is under the current key'
        : `${rewritten} records are under the current key now: auth.previous_keys is no longer needed for the store`;
    return printResult(context, { rewritten }, () => text);
  });
}

function duration(text: string): number {
  const span = spanMs(text);
  if (span === undefined || span > longestMs) throw new InvalidArgumentError('Write it like 12h or 90d.');
  return span;
}

function lifetime(text: string): number {
  const span = duration(text);
  if (span < 1000) throw new InvalidArgumentError('Write it like 12h or 90d.');
  return span;
}

const gather = (value: string, all: readonly string[] = []): string[] => [...all, value];

function subcommand(parent: Command, name: string, summary: string): Command {
  return parent.command(name).summary(summary).description(summary);
}

const expires = (): Option =>
  new Option('--expires <time>', 'how long the key is valid: 12h, 90d')
    .argParser(lifetime)
    .default(90 * dayMs, '90d');

/** `mxcp keys create|list|rotate|revoke|rotate-encryption`. */
export function configure(command: Command, invoke: Invoke): void {
  subcommand(command, 'create', 'Make the first API key of a service, and print it')
    .argument('<name>', 'of the service: it calls as key:<name>')
    .addOption(
      new Option('--role <role>', 'a role of the site; repeat it for more')
        .argParser(gather)
        .default([], 'none'),
    )
    .option('--scope <scope>', 'a scope; repeat it for more (default: what the roles allow)', gather)
    .addOption(expires())
    .action((name: string, options: CreateOptions) => invoke((context) => create(context, name, options)));
  subcommand(command, 'list', 'List API keys, never the keys themselves').action(() => invoke(list));
  subcommand(command, 'rotate', 'Make a second key of a service, which replaces the first')
    .argument('<name>', 'of the service')
    .addOption(
      new Option('--overlap <time>', 'how long the key before stays valid')
        .argParser(duration)
        .default(7 * dayMs, '7d'),
    )
    .addOption(expires())
    .action((name: string, options: RotateOptions) => invoke((context) => rotate(context, name, options)));
  subcommand(command, 'revoke', 'Take a key, or all keys of a service, out of use within a second')
    .argument('<name-or-id>', 'of a service, or the id of one key')
    .action((nameOrId: string) => invoke((context) => revoke(context, nameOrId)));
  subcommand(command, 'rotate-encryption', 'Write the store of sign-in again under the current key').action(
    () => invoke(rotateEncryption),
  );
}
