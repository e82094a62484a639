import { afterEach, expect, it } from 'vitest';
import { createProvider } from '../../../src/auth/providers/create-provider.js';
import type { Provider } from '../../../src/auth/providers/provider.js';
import { startAtlassian } from '../stand-ins/atlassian.js';
import { startGithub } from '../stand-ins/github.js';
import { type OidcStandIn, startOidc } from '../stand-ins/oidc.js';
import { startSalesforce } from '../stand-ins/salesforce.js';
import { clientId, clientSecret, type StandIn } from '../stand-ins/stand-in.js';
import { dance, failureOf } from './dance.js';

let standIn: StandIn | undefined;
afterEach(() => standIn?.close());

const encode = (text: string): string => new URLSearchParams({ _: text }).toString().slice(2);
const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

async function signedIn<T extends StandIn>(start: () => Promise<T>, prepare: (standIn: T) => void) {
  const started = await start();
  standIn = started;
  prepare(started);
  const provider = createProvider(started.settings);
  return { standIn: started, provider, tokens: (await dance(started, provider, 'ada')).tokens };
}

function answering(path: string, status: number) {
  return (at: StandIn): void => {
    at.faults.set(path, (_seen, response) => response.writeHead(status).end());
  };
}

function discovered(changes: Record<string, unknown>, status = 200) {
  return (at: OidcStandIn): void => {
    Object.assign(at.quirks.metadata, { revocation_endpoint: `${at.url}/revoke`, ...changes });
    answering('/revoke', status)(at);
  };
}

const last = (at: StandIn, path: string) => at.seen.findLast((seen) => seen.path === path);

it('is asked at the discovered endpoint to take the refresh token, with the credentials in the header', async () => {
  const { standIn: at, provider, tokens } = await signedIn(() => startOidc(), discovered({}));
  expect(await provider.revoke(tokens)).toBe(true);
  const seen = last(at, '/revoke');
  expect([seen?.method, seen?.body]).toEqual(['POST', `token=${encode(tokens.refreshToken ?? '')}`]);
  expect(seen?.headers.authorization).toBe(basic(encode(clientId), encode(clientSecret)));
});

it('is asked with the credentials in the body where it takes them there only, and about the access token without another', async () => {
  const inBody = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
  const { standIn: at, provider, tokens } = await signedIn(() => startOidc(), discovered(inBody));
  const { subject, accessToken } = tokens;
  expect(await provider.revoke({ subject, accessToken, scopes: [] })).toBe(true);
  const seen = last(at, '/revoke');
  expect(seen?.headers.authorization).toBeUndefined();
  expect(Object.fromEntries(new URLSearchParams(seen?.body))).toEqual({
    token: tokens.accessToken,
    client_id: clientId,
    client_secret: clientSecret,
  });
});

it('of Salesforce is asked at its own endpoint', async () => {
  const path = '/services/oauth2/revoke';
  const { standIn: at, provider, tokens } = await signedIn(startSalesforce, answering(path, 200));
  expect(await provider.revoke(tokens)).toBe(true);
  expect(new URLSearchParams(last(at, path)?.body).get('token')).toBe(tokens.refreshToken);
});

it('of GitHub is asked as its API wants it, as the application', async () => {
  const path = `/api/v3/applications/${clientId}/token`;
  const { standIn: at, provider, tokens } = await signedIn(startGithub, answering(path, 204));
  expect(await provider.revoke(tokens)).toBe(true);
  const seen = last(at, path);
  expect([seen?.method, JSON.parse(seen?.body ?? '')]).toEqual([
    'DELETE',
    { access_token: tokens.accessToken },
  ]);
  expect(seen?.headers.authorization).toBe(basic(clientId, clientSecret));
});

it('is not asked where it has nothing for that', async () => {
  const without = (at: OidcStandIn): void => void (at.quirks.metadata = {});
  const plain = await signedIn(() => startOidc(), without);
  expect(await plain.provider.revoke(plain.tokens)).toBe(false);
  await plain.standIn.close();
  const atlassian = await signedIn(startAtlassian, () => undefined);
  expect(await atlassian.provider.revoke(atlassian.tokens)).toBe(false);
});

it.each([302, 400, 401, 404, 429, 500, 503])('that answers %i did not take it', async (status) => {
  const { standIn: at, provider, tokens } = await signedIn(() => startOidc(), discovered({}, status));
  const revoke = (one: Provider) => failureOf(at, one.revoke(tokens));
  expect(await revoke(provider)).toBe('AUTH_UNAVAILABLE');
});

it('gets no token at an address that is none for secrets', async () => {
  const at = await startOidc();
  standIn = at;
  discovered({ revocation_endpoint: 'ftp://127.0.0.1/revoke' })(at);
  const revoked = createProvider(at.settings).revoke({ subject: 'x', accessToken: 'y', scopes: [] });
  expect(await failureOf(at, revoked)).toBe('AUTH_UNAVAILABLE');
});
