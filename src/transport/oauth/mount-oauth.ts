import type { FastifyInstance } from 'fastify';
import { mountEndpoints } from './endpoint-routes.js';
import { answerError } from './error-answer.js';
import { mountMetadata } from './metadata-routes.js';
import type { OAuthParts } from './oauth-parts.js';
import { mountPages } from './page-routes.js';

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
