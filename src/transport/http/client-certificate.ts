import type { Socket } from 'node:net';
import { type Certificate, TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../../auth/authenticator.js';

const known = new WeakMap<Socket, ClientCertificate | 'untrusted' | undefined>();

/** RFC 4514, 2.4: no value of an attribute can look like another attribute. */
function escape(text: string): string {
  return text.replace(/[\\,+"<>;=]/g, (character) => `\\${character}`).replace(/\p{Cc}/gu, '?');
}

function distinguishedName(name: Certificate | undefined): string {
  const parts = Object.entries(name ?? {}).flatMap(([attribute, value]: [string, unknown]) =>
    [value].flat().map((text) => `${attribute}=${escape(String(text))}`),
  );
  return parts.join(',');
}

function read(socket: TLSSocket): ClientCertificate | 'untrusted' | undefined {
  const certificate = socket.getPeerCertificate();
  if (Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) return 'untrusted';
  const commonName: unknown = certificate.subject.CN;
  return {
    fingerprint: certificate.fingerprint256,
    subject: distinguishedName(certificate.subject),
    commonName: typeof commonName === 'string' ? commonName : null,
    issuer: distinguishedName(certificate.issuer),
    expiresAt: Date.parse(certificate.valid_to),
  };
}

/** The certificate that the client of a connection showed; `untrusted` when no configured authority vouches for it. */
export function clientCertificate(socket: Socket): ClientCertificate | 'untrusted' | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  if (!known.has(socket)) known.set(socket, read(socket));
  return known.get(socket);
}
