import { accessSync, constants } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { dirname } from 'node:path';
import type { HttpSettings, TlsSettings } from '../model/settings.js';
import { variable } from './expand.js';
import { at, booleanOf, itemsOf, stringOf, type Field } from './field.js';
import { mergeFields } from './merge-fields.js';
import { problem, problemOf, problemOfKey } from './problems.js';
import { readOrigins } from './read-origins.js';
import { flagKind, integerKind, listKind, sizeKind, textKind, type Kind } from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';
import { absolutePath } from './site-paths.js';

interface Sources {
  readonly user: Field | undefined;
  readonly site: Field | undefined;
}

/** The same key of `transport.http` of the user config and of the site's profile. */
function both({ user, profile }: SettingsContext, ...path: readonly string[]): Sources {
  return {
    user: at(user, 'transport', 'http', ...path),
    site: at(profile, 'transport', 'http', ...path),
  };
}

/** A path word for word, which no other route of this server has; the schema says the same. */
const ownPath = /^\/(?!(?:healthz|readyz|oauth)(?:\/|$))(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:\/|$))*$/;

const pathKind: Kind<string> = {
  what: "a path like /mcp, of letters, digits, '.', '_', '~' and '-', that is not /healthz, /readyz or below /oauth",
  read: textKind.read,
  parse: (text) => (ownPath.test(text) ? text : undefined),
};

/** An address as clients send it when they name this server (RFC 8707, 2): host in lower case, no default port, no dot segments. */
function canonical(address: string): string {
  if (!URL.canParse(address)) return address;
  const { href, origin, pathname } = new URL(address);
  return href === origin + pathname ? href.replace(/\/+$/, '') : address;
}

const addressKind: Kind<string> = {
  ...textKind,
  read: ({ data }) => (typeof data === 'string' ? canonical(data) : undefined),
  parse: canonical,
};

/** `transport.http` (spec pages 02 and 06): where the server listens, whom it believes, and how it is hardened. */
export function readHttp(context: SettingsContext): HttpSettings {
  const { reader, overrides } = context;
  const read = <T extends string | number | boolean | readonly string[]>(
    key: string,
    kind: Kind<T>,
    fallback: T,
    more: { readonly flag?: T | undefined; readonly variable?: string } = {},
  ): T => reader.read(`transport.http.${key}`, { kind, ...more, ...both(context, key) }, fallback);
  const baseUrl = reader.optional('transport.http.base_url', {
    kind: addressKind,
    variable: 'MXCP_BASE_URL',
    ...both(context, 'base_url'),
  });
  const tls = readTls(context);
  return {
    host: read('host', textKind, 'localhost', { flag: overrides.host, variable: 'MXCP_HOST' }),
    port: read('port', integerKind(0, 65_535), 8000, { flag: overrides.port, variable: 'MXCP_PORT' }),
    path: read('path', pathKind, '/mcp', { variable: 'MXCP_PATH' }),
    ...(baseUrl !== undefined && { baseUrl }),
    trustProxy: readTrustProxy(context),
    allowedHosts: read('allowed_hosts', listKind, [], { variable: 'MXCP_ALLOWED_HOSTS' }),
    allowedOrigins: readOrigins(context),
    maxBodyBytes: read('max_body_bytes', sizeKind, 4 * 1024 * 1024),
    maxConnections: read('max_connections', integerKind(1), 1024),
    ...(tls !== undefined && { tls }),
    hsts: readHsts(context),
    hstsPreload: read('hsts_preload', flagKind, false),
  };
}

function readHsts(context: SettingsContext): boolean {
  const { reader, overrides, user, userProfile, profile } = context;
  const sources = both(context, 'hsts');
  const security = (field: Field | undefined): Field | undefined => at(field, 'security', 'enable_hsts');
  return reader.read(
    'transport.http.hsts',
    {
      kind: flagKind,
      flag: overrides.hsts,
      variable: 'MXCP_ENABLE_HSTS',
      user: sources.user ?? security(userProfile) ?? security(user),
      site: sources.site ?? security(profile),
    },
    true,
  );
}

/** `tls`: files that must be there and readable before anything is served. */
function readTls(context: SettingsContext): TlsSettings | undefined {
  const { reader } = context;
  const { user, site } = both(context, 'tls');
  const field = mergeFields(user, site);
  if (field === undefined) return undefined;
  const cert = tlsFile(context, at(field, 'cert'));
  const key = tlsFile(context, at(field, 'key'));
  const ca = tlsFile(context, at(field, 'ca'));
  const requested = at(field, 'request_cert');
  const requestCert = booleanOf(requested) ?? false;
  if (requested !== undefined && requestCert && ca === undefined) {
    const message = '`request_cert` needs `ca`: the authorities whose certificates count';
    reader.problems.push(problemOfKey(requested, { rule: 'missing-key', message }));
  }
  for (const name of ['cert', 'key']) {
    if (at(field, name) !== undefined) continue;
    const message = `\`transport.http.tls.${name}\` is missing`;
    reader.problems.push(problemOfKey(field, { rule: 'missing-key', message }));
  }
  for (const [name, value] of Object.entries({ cert, key, ca, request_cert: requestCert })) {
    const from = at(field, name)?.source.confidential === true ? 'user config' : 'site';
    if (value !== undefined && at(field, name) !== undefined)
      reader.note(`transport.http.tls.${name}`, value, from);
  }
  if (cert === undefined || key === undefined) return undefined;
  return { cert, key, ...(ca !== undefined && { ca }), requestCert };
}

function tlsFile({ reader, env }: SettingsContext, field: Field | undefined): string | undefined {
  const named = stringOf(field);
  if (field === undefined || named === undefined) return undefined;
  const path = absolutePath(named, dirname(field.source.path), env);
  try {
    accessSync(path, constants.R_OK);
  } catch {
    const message = `The file ${path} is not there, or cannot be read`;
    reader.problems.push(problemOf(field, { rule: 'missing-file', message }));
  }
  return path;
}

/** Every IPv4 address, as IPv6 writes it. */
const mapped = new BlockList();
mapped.addSubnet('::ffff:0:0', 96, 'ipv6');

/** An address, a network, or a name of well-known networks. A network of everybody would believe any caller, as `true` does. */
function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  const fewest = version === 6 && mapped.check(address, 'ipv6') ? 97 : 1;
  const most = version === 4 ? 32 : 128;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= fewest && Number(bits) <= most);
}

function readTrustProxy(context: SettingsContext): readonly string[] {
  const { reader } = context;
  const sources = both(context, 'trust_proxy');
  for (const field of [sources.user, sources.site])
    if (field !== undefined) reader.problems.push(...wrongProxies(field));
  const proxies = reader.read(
    'transport.http.trust_proxy',
    { kind: listKind, variable: 'MXCP_TRUST_PROXY', ...sources },
    [],
  );
  const known = proxies.filter(isProxy);
  const stated = variable(context.env, 'MXCP_TRUST_PROXY') ?? '';
  if (known.length < proxies.length && stated !== '') {
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
