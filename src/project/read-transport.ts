import type { JsonObject } from '../model/json.js';
import type { LoggingSettings, TransportSettings } from '../model/settings.js';
import { at, stringOf, type Field } from './field.js';
import { personaProblems, toPersona } from './persona.js';
import { problemOf } from './problems.js';
import { readHttp } from './read-http.js';
import { choiceKind, durationKind, flagKind, type Kind } from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';

/** `transport` of the user config over that of the site's profile, key by key. */
export function readTransport(context: SettingsContext): TransportSettings {
  const { reader, overrides } = context;
  const { user, site } = both(context, 'provider');
  for (const field of [user, site])
    if (stringOf(field) === 'sse' && field !== undefined) reader.problems.push(noSse(field));
  const ofUser = at(context.user, 'transport', 'stdio', 'user_context');
  const stated =
    ofUser ??
    at(context.profile, 'transport', 'stdio', 'user_context') ??
    at(context.profile, 'stdio', 'user_context');
  reader.problems.push(...personaProblems(stated));
  if (stated?.entries !== undefined) {
    reader.note('transport.stdio.user_context', stated.data, ofUser === undefined ? 'site' : 'user config');
  }
  return {
    provider: reader.read(
      'transport.provider',
      {
        kind: choiceKind('streamable-http', 'stdio'),
        flag: overrides.transport,
        variable: 'MXCP_TRANSPORT',
        user,
        site,
      },
      'streamable-http',
    ),
    http: readHttp(context),
    ...(stated?.entries !== undefined && { stdioUser: toPersona(stated.data as JsonObject) }),
    shutdownGraceMs: reader.read(
      'transport.shutdown_grace',
      { kind: durationKind, variable: 'MXCP_SHUTDOWN_GRACE', ...both(context, 'shutdown_grace') },
      10_000,
    ),
  };
}

/** The same key of the user config and of the site's profile. */
function both(
  context: SettingsContext,
  ...path: readonly string[]
): { user: Field | undefined; site: Field | undefined } {
  return { user: at(context.user, 'transport', ...path), site: at(context.profile, 'transport', ...path) };
}

function noSse(field: Field): ReturnType<typeof problemOf> {
  const message = 'The transport "sse" is not served any more: MCP replaced it';
  return problemOf(field, {
    rule: 'sse-not-served',
    message,
    remedy: 'Write "streamable-http"; clients connect to /mcp.',
  });
}

type Level = LoggingSettings['level'];

const levels: Readonly<Record<string, Level>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'error',
};

const levelOf = (text: string): Level | undefined =>
  Object.hasOwn(levels, text.toLowerCase()) ? levels[text.toLowerCase()] : undefined;

const levelKind: Kind<Level> = {
  what: 'one of debug, info, warn, error',
  read: ({ data }) => (typeof data === 'string' ? levelOf(data) : undefined),
  parse: levelOf,
};

const formatKind: Kind<LoggingSettings['format']> = {
  what: 'json or pretty',
  read: ({ data }) => (data === 'json' ? 'json' : 'pretty'),
  parse: (text) => (text === 'json' || text === 'pretty' ? text : undefined),
};

/** `logging` of the user config; `--debug` and `MXCP_DEBUG` win over every level. */
export function readLogging({ reader, user, overrides }: SettingsContext): LoggingSettings {
  const logging = at(user, 'logging');
  const debug = reader.read(
    'logging.debug',
    { kind: flagKind, flag: overrides.debug, variable: 'MXCP_DEBUG' },
    false,
  );
  const enabled = reader.read('logging.enabled', { kind: flagKind, user: at(logging, 'enabled') }, true);
  const level = reader.read(
    'logging.level',
    { kind: levelKind, variable: 'MXCP_LOG_LEVEL', user: at(logging, 'level') },
    'info',
  );
  const format = reader.read(
    'logging.format',
    { kind: formatKind, flag: overrides.logFormat, variable: 'MXCP_LOG_FORMAT', user: at(logging, 'format') },
    'auto',
  );
  return { level: debug ? 'debug' : enabled ? level : 'silent', format };
}
