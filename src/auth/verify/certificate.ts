import { CredentialInvalidError } from '../../errors.js';
import type { JsonObject } from '../../model/json.js';
import type { Authenticator, ClientCertificate } from '../authenticator.js';
import { toClaims } from '../claims.js';

const provider = 'mtls';

function claimsOf({ subject, commonName, issuer }: ClientCertificate): JsonObject {
  return toClaims({ subject, issuer, ...(commonName !== null && { common_name: commonName }) });
}

/**
 * Client certificates that TLS has checked: the subject is the caller (spec page 06). A certificate names no scopes, so
 * that its holder may do what his roles allow.
 */
export function createCertificateVerifier(): Authenticator {
  return {
    recognises: ({ kind }) => kind === 'certificate',
    verify: (presented) => {
      const certificate = presented.kind === 'certificate' ? presented.certificate : undefined;
      if (certificate === undefined || certificate.subject === '' || certificate.expiresAt <= Date.now())
        return Promise.reject(new CredentialInvalidError('The client certificate is not valid'));
      const { subject, commonName, issuer, expiresAt } = certificate;
      return Promise.resolve({
        source: 'verified',
        provider,
        issuer,
        subject,
        key: `${provider}|${subject}`,
        userId: subject,
        username: commonName,
        email: null,
        name: commonName,
        claims: claimsOf(certificate),
        scopes: 'by-roles',
        clientId: null,
        expiresAt,
      });
    },
  };
}
