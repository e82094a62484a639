import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../../engine/logger.js';
import { UsageError } from '../../errors.js';
import type { TlsSettings } from '../../model/settings.js';

/** How often changed files are looked for, milliseconds. Asking works where files are replaced by links, as in containers. */
const checkMs = 2_000;

function contextOf({ cert, key, ca }: TlsSettings): Pick<ServerOptions, 'cert' | 'key' | 'ca'> {
  const context = {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ...(ca !== undefined && { ca: readFileSync(ca) }),
  };
  createSecureContext(context);
  return context;
}

/** Options of an https server. Throws `USAGE_INVALID` when the files cannot be read or do not belong together. */
export function tlsOptions(settings: TlsSettings): ServerOptions {
  try {
    // A client without a certificate may have another credential: what is presented is judged by `admit`.
    const asked = { requestCert: settings.requestCert, rejectUnauthorized: false };
    return { ...contextOf(settings), ...asked, minVersion: 'TLSv1.2' };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new UsageError(`The files of transport.http.tls cannot be used: ${why}`, { cause });
  }
}

/**
 * Takes changed files for new connections. While they do not fit together, as between the replacement of one and of the
 * other, the former ones stay. The returned function stops that.
 */
export function followTlsFiles(server: Server, settings: TlsSettings, logger: Logger): () => void {
  const { cert, key, ca } = settings;
  const files = [cert, key, ...(ca === undefined ? [] : [ca])];
  const reload = (): void => {
    try {
      server.setSecureContext(contextOf(settings));
      logger.info({ cert }, 'the TLS certificate was loaded again');
    } catch (err) {
      logger.warn({ err }, 'the changed TLS files cannot be used; the former ones stay');
    }
  };
  for (const file of files) watchFile(file, { interval: checkMs, persistent: false }, reload);
  return () => {
    for (const file of files) unwatchFile(file, reload);
  };
}
