import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isLoopbackHost } from '../../lib/loopback.js';
import type { Project } from '../../model/project.js';
import { type Finding, verdict } from './finding.js';

function transportSecurity({ transport }: Project): Finding {
  const item = { id: 'tls', title: 'Connections are encrypted' };
  const { http, provider } = transport;
  if (provider === 'stdio') return { ...item, status: 'pass', detail: 'stdio has no network' };
  if (http.tls !== undefined) return { ...item, status: 'pass', detail: 'this server speaks TLS' };
  const proxied = http.trustProxy.length > 0 && http.baseUrl?.startsWith('https://') === true;
  if (proxied)
    return { ...item, status: 'pass', detail: `TLS ends at a trusted proxy for ${http.baseUrl ?? ''}` };
  return verdict(item, isLoopbackHost(http.host), {
    pass: 'only this machine can connect',
    fail: `http on ${http.host} without TLS and without a trusted proxy: tokens and data travel in clear`,
    fix: 'Set transport.http.tls, or base_url: https://… with trust_proxy',
  });
}

function origins({ transport }: Project): Finding {
  const { allowedOrigins } = transport.http;
  return verdict({ id: 'cors', title: 'Only named web pages may call' }, !allowedOrigins.includes('*'), {
    pass: allowedOrigins.length === 0 ? 'pages of this machine' : allowedOrigins.join(', '),
    fail: 'every web page may call',
    fix: 'List the origins in transport.http.cors_origins',
  });
}

function strictTransport({ transport: { http } }: Project): Finding {
  return verdict({ id: 'hsts', title: 'Browsers are told to stay with https' }, http.hsts, {
    pass: 'Strict-Transport-Security goes out over https',
    fail: 'transport.http.hsts is off',
    fix: 'Remove `hsts: false`',
  });
}

async function audit({ audit: settings }: Project): Promise<Finding> {
  const item = { id: 'audit', title: 'Every call is on record' };
  if (!settings.enabled) {
    const fix = 'Remove `audit.enabled: false` and MXCP_AUDIT_ENABLED=false';
    return { ...item, status: 'fail', detail: 'the audit log is off', fix };
  }
  if (settings.onFailure === 'allow') {
    const detail = 'calls are answered also when they cannot be recorded';
    return { ...item, status: 'fail', detail, fix: 'Set audit.on_failure: deny' };
  }
  const folder = dirname(settings.path);
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT',
  );
  return verdict(item, writable, {
    pass: `${settings.path}, kept ${settings.retentionDays} days`,
    fail: `${folder} cannot be written by this user`,
    fix: 'Give the server its own folder, mode 0700',
  });
}

function redaction({ audit: settings }: Project): Finding {
  const loose = [
    ...(settings.sql === 'full' ? ['audit.sql: full keeps the values in SQL of callers'] : []),
    ...(settings.redactKeys.length === 0 ? ['audit.redact_keys is empty'] : []),
  ];
  return verdict({ id: 'redaction', title: 'The log keeps nothing sensitive in clear' }, loose.length === 0, {
    pass:
      settings.output === 'full'
        ? 'arguments and results are kept, redacted'
        : 'arguments are kept, redacted',
    fail: loose.join('; '),
    fix: 'Remove these settings',
  });
}

/** Files that others can read although they hold what must stay private. */
async function fileModes({ auth, audit: settings, warnings }: Project): Promise<Finding> {
  const named = warnings.filter(({ rule }) => rule === 'readable-by-others').map(({ origin }) => origin.file);
  const paths = [
    dirname(settings.path),
    ...(auth.persistence.type === 'sqlite' ? [auth.persistence.path] : []),
  ];
  const modes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mode }) => mode,
        () => 0,
      ),
    ),
  );
  const open = [...named, ...paths.filter((_, i) => ((modes[i] ?? 0) & 0o077) !== 0)];
  const holds = open.length === 0 || process.platform === 'win32';
  return verdict({ id: 'file-modes', title: 'Other users of this machine read none of it' }, holds, {
    pass: 'user config, store and log are private',
    fail: `others can read ${open.join(', ')}`,
    fix: 'chmod 600 for files, 700 for folders',
  });
}

function literalSecrets({ warnings }: Project): Finding {
  const places = warnings
    .filter(({ rule }) => rule === 'literal-secret')
    .map(({ origin }) => `${origin.file}:${origin.line}`);
  return verdict({ id: 'secrets', title: 'No secret stands in a file of the site' }, places.length === 0, {
    pass: 'none found',
    fail: `literal secrets at ${places.join(', ')}`,
    fix: 'Write ${NAME}, file://, vault:// or op:// instead, and rotate what was written',
  });
}

/** What leaves, what is kept, and who could read it on the way: rows S4-136 to S4-140. */
export async function outputChecks(project: Project): Promise<readonly Finding[]> {
  return [
    transportSecurity(project),
    origins(project),
    strictTransport(project),
    await audit(project),
    redaction(project),
    await fileModes(project),
    literalSecrets(project),
  ];
}
