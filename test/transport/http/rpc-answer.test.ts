import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import * as errors from '../../../src/errors.js';
import { sendFailure } from '../../../src/transport/http/rpc-answer.js';
import { idOf } from '../../../src/transport/message-id.js';

async function answerTo(error: errors.MxcpError, metadataUrl?: string) {
  const app = fastify();
  app.get('/', (_request, reply) => sendFailure(reply, error, 'the-call', { id: 7, metadataUrl }));
  const { statusCode, headers, body } = await app.inject('/');
  await app.close();
  return { status: statusCode, headers, body: JSON.parse(body) as { error: { data: object }; id: unknown } };
}

describe('a failure that HTTP tells by its status', () => {
  it.each<[errors.MxcpError, number, string | undefined]>([
    [new errors.CredentialRequiredError('x'), 401, 'Bearer'],
    [new errors.CredentialInvalidError('x'), 401, 'Bearer error="invalid_token"'],
    [new errors.CredentialAmbiguousError('x'), 400, undefined],
    [new errors.AnonymousRefusedError('x'), 403, undefined],
    [
      new errors.InsufficientScopeError('x', ['tag:a', 'orders:write']),
      403,
      'Bearer error="insufficient_scope", scope="tag:a orders:write"',
    ],
    [new errors.RateLimitedError('x', 3), 429, undefined],
    [new errors.AuditUnavailableError('x'), 503, undefined],
    [new errors.ShuttingDownError('x'), 503, undefined],
    [new errors.InternalError('x'), 500, undefined],
  ])('$code', async (error, status, challenge) => {
    const answer = await answerTo(error);
    expect(answer.status).toBe(status);
    expect(answer.headers['www-authenticate']).toBe(challenge);
    expect(answer.body).toMatchObject({ id: 7, error: { data: { code: error.code, call_id: 'the-call' } } });
  });

  it('says where to learn how to get a token', async () => {
    const url = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';
    const challengeOf = async (error: errors.MxcpError): Promise<unknown> =>
      (await answerTo(error, url)).headers['www-authenticate'];
    expect(await challengeOf(new errors.CredentialRequiredError('x'))).toBe(
      `Bearer resource_metadata="${url}"`,
    );
    expect(await challengeOf(new errors.CredentialInvalidError('x'))).toBe(
      `Bearer error="invalid_token", resource_metadata="${url}"`,
    );
    expect(await challengeOf(new errors.InsufficientScopeError('x', ['tag:a']))).toBe(
      `Bearer error="insufficient_scope", scope="tag:a", resource_metadata="${url}"`,
    );
    expect(await challengeOf(new errors.RateLimitedError('x', 3))).toBeUndefined();
  });

  it('says when to come back', async () => {
    const answer = await answerTo(new errors.RateLimitedError('x', 3));
    expect(answer.headers['retry-after']).toBe('3');
    expect(answer.body.error.data).toMatchObject({ retry_after: 3 });
  });
});

describe('the id that an error tells back', () => {
  it.each([
    [{ method: 'x', id: 1 }, 1],
    [{ method: 'x', id: 'a' }, 'a'],
    [{ method: 'x' }, null],
    [{ id: 1 }, null],
    [{ method: 'x', id: {} }, null],
    [[{ method: 'x', id: 1 }], null],
    ['text', null],
    [null, null],
    [undefined, null],
  ])('of %j is %j', (body, id) => {
    expect(idOf(body)).toBe(id);
  });
});
