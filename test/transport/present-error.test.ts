import { describe, expect, it } from 'vitest';
import * as errors from '../../src/errors.js';
import { presentError } from '../../src/transport/present-error.js';

const secret = 'hunter2 from SELECT * FROM salaries at /srv/site/sql/pay.sql';

const shown: readonly errors.MxcpError[] = [
  new errors.InvalidArgumentsError([{ path: 'a', message: 'Required parameter missing: a' }]),
  new errors.PolicyDeniedError('Sign in first', 'no-guests', 'input'),
  new errors.SqlRefusedError('COPY is not allowed'),
  new errors.CredentialAmbiguousError('A request carries at most one credential'),
  new errors.CredentialInvalidError(
    'This server has no authentication configured, so no credential is valid here',
  ),
  new errors.AnonymousRefusedError('Set auth.allow_anonymous: true'),
];

const hidden: readonly errors.MxcpError[] = [
  new errors.ConfigInvalidError([]),
  new errors.ConfigNotFoundError(secret),
  new errors.UsageError(secret),
  new errors.CredentialRequiredError(secret),
  new errors.CredentialInvalidError(secret),
  new errors.InsufficientScopeError(secret, ['tag:a']),
  new errors.UnknownEndpointError(secret),
  new errors.EndpointInvalidError(secret),
  new errors.RateLimitedError(secret, 3),
  new errors.OverloadedError(secret),
  new errors.CancelledError(secret),
  new errors.ShuttingDownError(secret),
  new errors.ExecuteFailedError(secret, { cause: new Error(secret) }),
  new errors.ExecuteTimeoutError(secret),
  new errors.ExecuteLimitError(secret, 'max_rows'),
  new errors.InvalidResultError(secret, 'rows.ssn'),
  new errors.ExecuteConflictError(secret),
  new errors.ExecuteCommitError(secret),
  new errors.DatabaseUnavailableError(secret),
  new errors.AuditUnavailableError(secret),
  new errors.AuditQueryError(secret),
  new errors.InternalError(secret),
];

describe('a failure in the words that may leave the server', () => {
  it.each(shown.map((error) => [error.code, error] as const))('%s keeps its own', (_code, error) => {
    expect(presentError(error, 'id').text).toBe(error.message);
  });

  it.each(hidden.map((error) => [error.code, error] as const))(
    '%s says nothing of what happened',
    (_code, error) => {
      const presented = JSON.stringify(presentError(error, 'the-call'));
      expect(presented).not.toMatch(/hunter2|SELECT|salaries|srv|ssn/);
      expect(presented).toContain('"call_id":"the-call"');
    },
  );

  it('says that there was no row where one is declared', () => {
    const error = new errors.InvalidResultError('No results returned', '');
    expect(presentError(error, 'id').text).toBe('No results returned (call id)');
  });

  it('carries what a client can act on', () => {
    const metaOf = (error: errors.MxcpError) => presentError(error, 'id').meta;
    expect(metaOf(new errors.RateLimitedError('x', 3))).toMatchObject({
      code: 'CALL_RATE_LIMITED',
      retry_after: 3,
    });
    expect(metaOf(new errors.InsufficientScopeError('x', ['a']))).toMatchObject({ required_scopes: ['a'] });
    expect(metaOf(new errors.PolicyDeniedError('x', 'the-rule', 'output'))).toMatchObject({
      rule: 'the-rule',
    });
  });

  it('names the call where only that tells one failure from another', () => {
    expect(presentError(new errors.ExecuteFailedError('x'), 'the-call').text).toContain('the-call');
  });
});
