import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../errors.js';
import type { Overrides } from '../project/overrides.js';

/** Options of `mxcp serve` as commander gives them. */
export interface ServeOptions {
  readonly transport?: 'streamable-http' | 'stdio';
  readonly host?: string;
  readonly port?: number;
  readonly readonly?: true;
  readonly sqlTools?: boolean;
  readonly ignoreErrors?: true;
  readonly as?: string;
  readonly enableAuth?: true;
  /** False with `--no-auth`. */
  readonly auth: boolean;
  readonly enableScopeValidation?: true;
  readonly corsOrigins?: readonly string[];
  readonly enableHsts?: true;
  readonly tokenEncryptionKey?: string;
  readonly tokenEncryptionKeyFile?: string;
  readonly rateLimitWindow?: number;
  readonly rateLimitMax?: number;
}

/** What the flags change, the strongest source of each setting. Throws `UsageError` where two contradict each other. */
export function overridesOf(options: ServeOptions): Overrides {
  const { transport, host, port, readonly, sqlTools, corsOrigins, rateLimitWindow, rateLimitMax } = options;
  const { tokenEncryptionKey, tokenEncryptionKeyFile, enableAuth, enableScopeValidation, enableHsts } =
    options;
  if (enableAuth && !options.auth)
    throw new UsageError('--enable-auth and --no-auth contradict each other: give one');
  if (tokenEncryptionKey !== undefined && tokenEncryptionKeyFile !== undefined)
    throw new UsageError('Give --token-encryption-key or --token-encryption-key-file, not both');
  const listener = { transport, host, port, corsOrigins, hsts: enableHsts };
  const access = { auth: options.auth ? enableAuth : false, scopeValidation: enableScopeValidation };
  const keys = { tokenEncryptionKey, tokenEncryptionKeyFile };
  return { ...listener, ...access, ...keys, readonly, sqlTools, rateLimitWindow, rateLimitMax };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

function parseTransport(text: string): string {
  if (text === 'streamable-http' || text === 'stdio') return text;
  const remedy =
    text === 'sse' ? 'sse is not served any more; use streamable-http.' : 'Use streamable-http or stdio.';
  throw new InvalidArgumentError(remedy);
}

function parseFlag(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InvalidArgumentError('Give true or false.');
}

function parseList(text: string): readonly string[] {
  return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}

function parseMinutes(text: string): number {
  const amount = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || amount <= 0 || amount > 1440)
    throw new InvalidArgumentError('Give minutes: a number above 0, at most 1440.');
  return amount;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.');
  return Number(text);
}

/** The options of the security pages (spec page 13, S0-29 to S0-31, S1-37 to S1-52). */
function addSecurityOptions(command: Command): Command {
  return command
    .option('--enable-auth', 'let nobody in without a credential; API keys where nothing else is configured')
    .option('--no-auth', 'switch every way in off: all callers are anonymous')
    .option('--enable-scope-validation', 'tags are scopes: those of authorization.scoped_tags, else all')
    .option('--cors-origins <list>', 'origins of web pages that may call, separated by commas', parseList)
    .option('--enable-hsts', 'send Strict-Transport-Security over https, whatever the files say')
    .option('--token-encryption-key <key>', 'key of stored tokens, at least 16 characters')
    .option(
      '--token-encryption-key-file <file>',
      'file with that key; other users cannot see it in the process list',
    )
    .option(
      '--rate-limit-window <minutes>',
      'time in which a person has --rate-limit-max calls (15)',
      parseMinutes,
    )
    .option('--rate-limit-max <calls>', 'calls of a person in that time (100)', parseCount);
}

/** Adds every option of `mxcp serve`; each has an environment twin `MXCP_<OPTION>`. */
export function addServeOptions(command: Command): Command {
  const transport = new Option('--transport <name>', 'streamable-http or stdio').argParser(parseTransport);
  const sqlTools = new Option('--sql-tools <flag>', 'serve the built-in SQL tools: true or false').argParser(
    parseFlag,
  );
  const listening = command
    .addOption(transport)
    .option('--host <host>', 'address to listen on (default: localhost)')
    .option('--port <port>', 'port to listen on (default: 8000; 0 takes a free one)', parsePort)
    .option('--readonly', 'open the database read-only')
    .addOption(sqlTools)
    .option('--ignore-errors', 'leave endpoints with errors out instead of refusing to start')
    .option('--stateless', 'accepted; HTTP is always served without sessions')
    .option('--as <name>', 'every caller is this user of the site (for development: stdio or loopback)');
  return addSecurityOptions(listening);
}
