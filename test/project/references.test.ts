import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openOnePassword } from '../../src/project/onepassword.js';
import { openVault } from '../../src/project/vault.js';
import { minimalSite, newSite, read } from './site.js';

interface Seen {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** A server that answers as Vault's HTTP API does, on loopback. */
async function startVault(
  answer: (url: string, response: ServerResponse) => void,
): Promise<{ address: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    if (request.headers['x-vault-token'] !== 's.token') {
      respond(response, 403, { errors: ['permission denied'] });
      return;
    }
    answer(request.url ?? '', response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function respond(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const envelope = {
  request_id: '1e1b',
  lease_id: '',
  renewable: false,
  lease_duration: 0,
  wrap_info: null,
  warnings: null,
  auth: null,
};
const versioned = (data: unknown): object => ({
  ...envelope,
  data: {
    data,
    metadata: {
      created_time: '2026-01-01T00:00:00Z',
      custom_metadata: null,
      deletion_time: '',
      destroyed: false,
      version: 3,
    },
  },
});
const notFound = { errors: [] };

/** A KV engine of version 2 at `kv`, and one of version 1 at `old`. */
function engines(url: string, response: ServerResponse): void {
  const answers: Record<string, () => void> = {
    '/v1/kv/data/team/db': () => respond(response, 200, versioned({ password: 'p-2', port: 5432 })),
    '/v1/kv/data/gone': () =>
      respond(response, 404, {
        ...envelope,
        data: {
          data: null,
          metadata: { deletion_time: '2026-01-02T00:00:00Z', destroyed: false, version: 1 },
        },
      }),
    '/v1/kv/data/a%20b': () => respond(response, 200, versioned({ x: 'spaced' })),
    '/v1/old/db': () =>
      respond(response, 200, {
        ...envelope,
        lease_duration: 2_764_800,
        data: { password: 'p-1', data: 'd' },
      }),
    '/v1/sealed/data/x': () => respond(response, 503, { errors: ['Vault is sealed'] }),
    '/v1/html/data/x': () => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    '/v1/moved/data/x': () => respond(response, 307, {}, { location: '/v1/kv/data/team/db' }),
    '/v1/away/data/x': () =>
      respond(response, 307, {}, { location: 'https://127.0.0.1:1/v1/kv/data/team/db' }),
  };
  (answers[url] ?? (() => respond(response, 404, notFound)))();
}

describe('vault://', () => {
  it.each([
    ['version 2 of the KV engine', 'vault://kv/team/db#password', 'p-2'],
    ['a value that is no text', 'vault://kv/team/db#port', '5432'],
    ['version 1 of the KV engine', 'vault://old/db#password', 'p-1'],
    ['a key called data', 'vault://old/db#data', 'd'],
    ['a path with data/ in it already', 'vault://kv/data/team/db#password', 'p-2'],
    ['a path with a space', 'vault://kv/a b#x', 'spaced'],
    ['a standby server that redirects', 'vault://moved/x#password', 'p-2'],
  ])('reads %s', async (_what, reference, expected) => {
    const { address } = await startVault(engines);
    expect(await openVault({ address, token: 's.token' })(reference)).toBe(expected);
  });

  it.each([
    ['no such secret', 'vault://kv/nothing#x', 'no such secret'],
    ['no such key', 'vault://kv/team/db#nothing', 'no such key'],
    ['a key that every object inherits', 'vault://kv/team/db#constructor', 'no such key'],
    ['a deleted version', 'vault://kv/gone#x', 'deleted'],
    ['a sealed server', 'vault://sealed/x#y', 'HTTP 503'],
    ['a server that is no Vault', 'vault://html/x#y', 'did not answer with JSON'],
    ['a redirect to another protocol', 'vault://away/x#y', 'another protocol'],
    ['a path that climbs', 'vault://kv/../sys/seal#x', 'must look like'],
    ['a reference without key', 'vault://kv/team/db', 'must look like'],
  ])('fails for %s, and quotes nothing', async (_what, reference, expected) => {
    const { address } = await startVault(engines);
    const failure = openVault({ address, token: 's.token' })(reference);
    await expect(failure).rejects.toThrow(expected);
    await expect(failure).rejects.not.toThrow(/s\.token|p-2|team/);
  });

  it('says that the token is refused', async () => {
    const { address } = await startVault(engines);
    await expect(openVault({ address, token: 'wrong' })('vault://kv/team/db#password')).rejects.toThrow(
      'refused the token',
    );
  });

  it('gives up on a server that does not answer', async () => {
    const { address } = await startVault(() => undefined);
    const slow = openVault({ address, token: 's.token', timeoutMs: 50 })('vault://kv/x#y');
    await expect(slow).rejects.toThrow('cannot be reached');
  });

  it('asks for each secret once and sends token and namespace', async () => {
    const { address, seen } = await startVault(engines);
    const resolve = openVault({ address, token: 's.token', namespace: 'admin/team' });
    await Promise.all(['password', 'port', 'password'].map((key) => resolve(`vault://kv/team/db#${key}`)));
    expect(seen.map(({ url }) => url)).toEqual(['/v1/kv/data/team/db']);
    expect(seen[0]?.headers).toMatchObject({
      'x-vault-token': 's.token',
      'x-vault-namespace': 'admin/team',
      'x-vault-request': 'true',
    });
  });

  it('is resolved for the secrets of a site, with address and token from the user config', async () => {
    const { address } = await startVault(engines);
    const folder = await newSite({
      'mxcp-site.yml': `${minimalSite}secrets: [db]\n`,
      'c.yml': [
        `vault: {address: "${address}", token_path: token.txt}`,
        'projects:',
        '  shop: {profiles: {default: {secrets: [{name: db, type: x, parameters: {a: {b: ["vault://kv/team/db#password"]}}}]}}}',
        '',
      ].join('\n'),
      'token.txt': 's.token\n',
    });
    const { project, problems } = await read(folder, { config: 'c.yml' });
    expect(problems).toEqual([]);
    expect(JSON.stringify(project?.secrets[0]?.parameters)).toBe('{"a":{"b":["p-2"]}}');
  });
});

describe('op://', () => {
  const sdk = {
    createClient: ({ auth }: { auth: string }) =>
      auth === 'ops_token'
        ? Promise.resolve({
            secrets: {
              resolve: (reference: string) =>
                reference === 'op://vault/item/field?attribute=otp'
                  ? Promise.resolve('123456')
                  : Promise.reject(new Error(`error resolving secret reference: ${reference}`)),
            },
          })
        : Promise.reject(
            new Error('invalid user input: encountered the following errors: service account token hunter2'),
          ),
  };
  const load = (): Promise<typeof sdk> => Promise.resolve(sdk);

  it('is resolved by the 1Password SDK', async () => {
    const resolve = await openOnePassword('ops_token', load);
    expect(await resolve('op://vault/item/field?attribute=otp')).toBe('123456');
  });

  it('fails without quoting the reference or the token', async () => {
    const resolve = await openOnePassword('ops_token', load);
    await expect(resolve('op://hidden/x/y')).rejects.toThrow(/^1Password does not give this field/);
    await expect(resolve('op://hidden/x/y')).rejects.not.toThrow('hidden');
    await expect(openOnePassword('hunter2', load)).rejects.toThrow(
      '1Password refused the service account token',
    );
  });

  it('says which package to install when it is not there', async () => {
    await expect(openOnePassword('ops_token')).rejects.toThrow('npm install @1password/sdk');
  });
});
