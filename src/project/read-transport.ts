import { isIP } from 'node:net';
import type { JsonObject } from '../model/json.js';
import type { HttpSettings, LoggingSettings, TransportSettings } from '../model/settings.js';
import { at, itemsOf, stringOf, type Field } from './field.js';
import { personaProblems, toPersona } from './persona.js';
import { problem, problemOf } from './problems.js';
import {
  choiceKind,
  durationKind,
  flagKind,
  integerKind,
  listKind,
  sizeKind,
  textKind,
  type Kind,
} from './setting-reader.js';
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

function readHttp(context: SettingsContext): HttpSettings {
  const { reader, overrides } = context;
  const read = <T extends string | number | readonly string[]>(
    key: string,
    kind: Kind<T>,
    fallback: T,
    variable?: string,
  ): T =>
    reader.read(
      `transport.http.${key}`,
      { kind, ...(variable !== undefined && { variable }), ...both(context, 'http', key) },
      fallback,
    );
  const baseUrl = reader.optional('transport.http.base_url', {
    kind: textKind,
    variable: 'MXCP_BASE_URL',
    ...both(context, 'http', 'base_url'),
  });
  const host = {
    kind: textKind,
    flag: overrides.host,
    variable: 'MXCP_HOST',
    ...both(context, 'http', 'host'),
  };
  const port = {
    kind: integerKind(0, 65_535),
    flag: overrides.port,
    variable: 'MXCP_PORT',
    ...both(context, 'http', 'port'),
  };
  return {
    host: reader.read('transport.http.host', host, 'localhost'),
    port: reader.read('transport.http.port', port, 8000),
    path: read('path', textKind, '/mcp', 'MXCP_PATH'),
    ...(baseUrl !== undefined && { baseUrl: baseUrl.replace(/\/+$/, '') }),
    trustProxy: readTrustProxy(context),
    allowedHosts: read('allowed_hosts', listKind, [], 'MXCP_ALLOWED_HOSTS'),
    allowedOrigins: read('allowed_origins', listKind, [], 'MXCP_ALLOWED_ORIGINS'),
    maxBodyBytes: read('max_body_bytes', sizeKind, 4 * 1024 * 1024),
    maxConnections: read('max_connections', integerKind(1), 1024),
    hsts: true,
    hstsPreload: false,
  };
}

/** An address, a network, or a name of well-known networks. */
function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function readTrustProxy(context: SettingsContext): readonly string[] {
  const { reader } = context;
  const sources = both(context, 'http', 'trust_proxy');
  for (const field of [sources.user, sources.site])
    if (field !== undefined) reader.problems.push(...wrongProxies(field));
  const proxies = reader.read(
    'transport.http.trust_proxy',
    { kind: listKind, variable: 'MXCP_TRUST_PROXY', ...sources },
    [],
  );
  const known = proxies.filter(isProxy);
  if (known.length < proxies.length && sources.user === undefined && sources.site === undefined) {
    const origin = { file: 'environment variable MXCP_TRUST_PROXY', line: 1, column: 1 };
    reader.problems.push(
      problem(origin, {
        rule: 'wrong-value',
        message: 'MXCP_TRUST_PROXY must be a list of addresses or networks',
      }),
    );
  }
  return known;
}

function wrongProxies(field: Field): ReturnType<typeof problemOf>[] {
  const remedy = 'Write the addresses or networks of the proxies, for example 10.0.0.0/8.';
  if (field.data === true) {
    const message = '`trust_proxy: true` would believe any caller';
    return [problemOf(field, { rule: 'wrong-value', message, remedy })];
  }
  return itemsOf(field).flatMap((item) => {
    const text = stringOf(item);
    if (text === undefined || isProxy(text)) return [];
    return [
      problemOf(item, { rule: 'wrong-value', message: '`trust_proxy` takes addresses and networks', remedy }),
    ];
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

const formatKind: Kind<'json' | 'pretty'> = {
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
    'json',
  );
  return { level: debug ? 'debug' : enabled ? level : 'silent', format };
}
