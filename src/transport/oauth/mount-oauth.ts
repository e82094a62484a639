import type { FastifyInstance } from 'fastify';
import type { Issuer } from '../../auth/issuer/issuer.js';
import type { JsonObject } from '../../model/json.js';
import { mountEndpoints } from './endpoint-routes.js';
import { answerError } from './error-answer.js';
import { mountMetadata } from './metadata-routes.js';
import { mountPages } from './page-routes.js';

/** Stricter limits, by address (spec page 06, "Limits against abuse"). */
export type OAuthTier = 'signIn' | 'consent' | 'token' | 'registration';

/** What the routes of sign-in and authorization are made of. */
export interface OAuthParts {
  /** The authorization server of the project that is served now; undefined: there is none. */
  readonly issuer: () => Issuer | undefined;
  /** RFC 9728's document of the MCP endpoint; undefined: nothing asks for a token. */
  readonly resource: () => JsonObject | undefined;
  /** Path of MCP. */
  readonly mcpPath: string;
  /** Takes from the address's bucket; rejects with `CALL_RATE_LIMITED` when it is empty. */
  readonly limit: (tier: OAuthTier, ip: string) => Promise<void>;
  readonly logger: { error: (facts: object, text: string) => void };
}

/**
 * Mounts the authorization server (spec page 06): metadata documents, the OAuth endpoints, sign-in, consent and account page.
 * Without an issuer all of them but the resource's metadata are unknown paths.
 */
export function mountOAuth(app: FastifyInstance, parts: OAuthParts): void {
  mountMetadata(app, parts);
  void app.register((scope, _options, done) => {
    scope.setErrorHandler((error, request, reply) => answerError(parts, error, request, reply));
    mountEndpoints(scope, parts);
    done();
  });
  void app.register((scope, _options, done) => {
    scope.setErrorHandler((error, request, reply) => answerError(parts, error, request, reply));
    mountPages(scope, parts);
    done();
  });
}
