import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** An https server on loopback for host names of the tests. */
export interface TlsServer {
  readonly port: number;
  /** The certificate, as an authority to trust. */
  readonly ca: string;
  readonly close: () => Promise<void>;
}

/** Starts one, with a certificate for `client.example` and `localhost` made by openssl. */
export async function startTlsServer(handler: RequestListener): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'mxcp-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = 'subjectAltName=DNS:client.example,DNS:localhost,IP:127.0.0.1';
  const subject = ['-subj', '/CN=client.example', '-addext', names];
  const made = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
  ];
  await promisify(execFile)('openssl', ['req', '-x509', ...made, '-days', '2', ...subject]);
  const ca = await readFile(cert, 'utf8');
  const server = createServer({ key: await readFile(key), cert: ca }, handler);
  await rm(folder, { recursive: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    ca,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
