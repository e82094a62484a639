import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProvider } from '../../../src/auth/providers/create-provider.js';
import type { Provider } from '../../../src/auth/providers/provider.js';
import { startGoogle } from '../stand-ins/google.js';
import { startKeycloakStandIn } from '../stand-ins/keycloak.js';
import { type OidcStandIn, startOidc } from '../stand-ins/oidc.js';
import { clientId, clientSecret } from '../stand-ins/stand-in.js';
import { startWorkos } from '../stand-ins/workos.js';
import { begin, dance, failureOf } from './dance.js';

const seconds = (): number => Math.floor(Date.now() / 1000);
/** Claims of a table, with times counted from now. */
function timed(claims: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(claims).map(([name, value]): [string, unknown] => {
    const isTime = typeof value === 'object' && value !== null && 'inSeconds' in value;
    return [name, isTime ? seconds() + Number(value.inSeconds) : value];
  });
  return Object.fromEntries(entries);
}

const failed = 'AUTH_SIGN_IN_FAILED';
const refused = 'AUTH_UPSTREAM_REFUSED';
const unavailable = 'AUTH_UNAVAILABLE';

describe('an OpenID provider', () => {
  let standIn: OidcStandIn;
  let provider: Provider;
  beforeEach(async () => {
    standIn = await startOidc();
    provider = createProvider(standIn.settings);
  });
  afterEach(() => standIn.close());

  const outcome = (): Promise<string> => failureOf(standIn, dance(standIn, provider, 'ada'));

  it.each<[what: string, claims: Record<string, unknown>, wanted: string]>([
    ['as it should be', {}, 'none'],
    ['of another issuer', { iss: 'https://evil.example' }, failed],
    ['without an issuer', { iss: undefined }, failed],
    ['for another client', { aud: 'another-client' }, failed],
    ['for a client with a similar name', { aud: `${clientId}-2` }, failed],
    ['without an audience', { aud: undefined }, failed],
    ['for several audiences, issued to us', { aud: [clientId, 'api'], azp: clientId }, 'none'],
    ['for several audiences, issued to nobody', { aud: [clientId, 'api'] }, failed],
    ['for several audiences, issued to another client', { aud: [clientId, 'api'], azp: 'api' }, failed],
    ['for us, issued to another client', { azp: 'another-client' }, failed],
    ['with another nonce', { nonce: 'another' }, failed],
    ['without the nonce', { nonce: undefined }, failed],
    ['with a nonce that is no text', { nonce: 1 }, failed],
    ['that expired 50 s ago, within the skew', { exp: { inSeconds: -50 } }, 'none'],
    ['that expired 62 s ago', { exp: { inSeconds: -62 } }, failed],
    ['without an expiry', { exp: undefined }, failed],
    ['from the future', { iat: { inSeconds: 120 } }, failed],
    ['of another sign-in, an hour ago', { iat: { inSeconds: -3600 } }, failed],
    ['without a time of issue', { iat: undefined }, failed],
    ['that is not valid yet', { nbf: { inSeconds: 120 } }, failed],
    ['about nobody', { sub: undefined }, failed],
    ['about an empty subject', { sub: '' }, failed],
    ['about a subject of 256 characters', { sub: 'x'.repeat(256) }, failed],
    ['about a subject that is no text', { sub: { $ne: 1 } }, failed],
  ])('is believed or not when it sends an ID token %s', async (_, claims, wanted) => {
    standIn.quirks.idClaims = timed(claims);
    expect(await outcome()).toBe(wanted);
  });

  it.each<[what: string, forge: (claims: Record<string, unknown>) => Promise<string | null>]>([
    ['no ID token', () => Promise.resolve(null)],
    ['no JWT', () => Promise.resolve('abc')],
    [
      'a token without a signature (alg none)',
      (claims) => Promise.resolve(new UnsecuredJWT(claims).encode()),
    ],
    ['a token with a cut signature', async (claims) => (await standIn.sign(claims)).replace(/\.[^.]*$/, '.')],
    [
      'a token signed with the client secret (HS256)',
      (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', kid: 'first' })
          .sign(new TextEncoder().encode(clientSecret)),
    ],
    [
      'a token signed with the public key as a secret (HS/RS confusion)',
      (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', kid: 'first' })
          .sign(new TextEncoder().encode(JSON.stringify(standIn.publicKey()))),
    ],
    [
      'a token signed with another key under the known id',
      async (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: 'first' })
          .sign((await generateKeyPair('RS256')).privateKey),
    ],
    [
      'a token that brings its own key',
      async (claims) => {
        const { privateKey } = await generateKeyPair('ES256');
        const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
        return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', jwk }).sign(privateKey);
      },
    ],
    [
      'a token with an unknown critical header',
      (claims) => standIn.sign(claims, { crit: ['x'], x: 1 }, { crit: { x: true } }),
    ],
    [
      'a token with changed claims',
      async (claims) => {
        const [header, , signature] = (await standIn.sign(claims)).split('.');
        const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'sub-2' })).toString('base64url');
        return `${header ?? ''}.${changed}.${signature ?? ''}`;
      },
    ],
  ])('is not believed when it sends %s', async (_, forge) => {
    standIn.quirks.forgeIdToken = forge;
    expect(await outcome()).toBe(failed);
  });

  it('is asked for its keys once more at most, however many unknown key ids come', async () => {
    await dance(standIn, provider, 'ada');
    standIn.quirks.forgeIdToken = (claims) => standIn.sign(claims, { kid: crypto.randomUUID() });
    for (let attempt = 0; attempt < 8; attempt += 1) expect(await outcome()).toBe(failed);
    expect(standIn.count('/jwks')).toBeLessThanOrEqual(2);
  });

  it('is asked for its document and keys once, however many people sign in at once', async () => {
    const people = ['ada', 'grace', 'mallory', 'ada'];
    const signedIn = await Promise.all(people.map((name) => dance(standIn, provider, name)));
    expect(signedIn.map(({ profile }) => profile.username)).toEqual(people);
    expect(standIn.count('/jwks')).toBe(1);
    expect(standIn.count('/.well-known/openid-configuration')).toBe(1);
  });

  it.each<[what: string, iss: string | null, wanted: string]>([
    ['of another provider (mix-up)', 'https://evil.example', failed],
    ['in another writing', 'HTTP://127.0.0.1', failed],
    ['of nobody, though it promises one', null, failed],
  ])('is not believed when the redirect back is %s, and the code goes nowhere', async (_, iss, wanted) => {
    standIn.quirks.issParameter = iss;
    expect(await outcome()).toBe(wanted);
    expect(standIn.count('/token')).toBe(0);
  });

  it('is not believed when userinfo is about another person', async () => {
    standIn.quirks.userinfoClaims = { sub: 'sub-2' };
    expect(await outcome()).toBe(failed);
  });

  it('has the last word with what it signs, where userinfo says otherwise', async () => {
    standIn.quirks.userinfoClaims = { email: 'ceo@acme.example', department: 'sales' };
    const { profile } = await dance(standIn, provider, 'ada');
    expect(profile.email).toBe('ada@acme.example');
    expect(profile.claims['department']).toBe('sales');
  });

  it('has an address verified only by a document that has this address', async () => {
    let now = await dance(standIn, provider, 'ada');
    standIn.quirks.idTokenAtRefresh = false;
    const refreshed = async (userinfo: Record<string, unknown>): Promise<string | null> => {
      standIn.quirks.userinfoClaims = userinfo;
      now = await provider.refresh(now.tokens);
      return now.profile.email;
    };
    const own = 'ada@acme.example';
    expect(await refreshed({ email: 'ceo@acme.example', email_verified: undefined })).toBeNull();
    expect(await refreshed({ email: 'ceo@acme.example', email_verified: false })).toBeNull();
    expect(await refreshed({ email: own, email_verified: undefined })).toBe(own);
    expect(await refreshed({ email: own, email_verified: false })).toBeNull();
    standIn.quirks.idTokenAtRefresh = true;
    standIn.quirks.idClaims = { email: 'ceo@acme.example', email_verified: undefined };
    expect(await refreshed({})).toBeNull();
  });

  it('signs people in with the ID token where userinfo is kept from the token', async () => {
    standIn.faults.set('/userinfo', (_, answer) => answer.writeHead(403).end());
    expect((await dance(standIn, provider, 'ada')).profile.email).toBe('ada@acme.example');
  });

  it.each<[what: string, metadata: Record<string, unknown>]>([
    ['names another issuer', { issuer: 'http://evil.example' }],
    ['names a tenant that is a placeholder', { issuer: 'http://login.example/{tenantid}/v2.0' }],
    ['names no issuer', { issuer: undefined }],
    ['has no token endpoint', { token_endpoint: undefined }],
    ['has no keys', { jwks_uri: undefined }],
    ['has an endpoint that is a script', { authorization_endpoint: 'javascript:alert(1)' }],
    ['has an endpoint that is a file', { jwks_uri: 'file:///etc/passwd' }],
    ['has an endpoint that is no URL', { userinfo_endpoint: 'userinfo' }],
  ])('is not used when its document %s', async (_, metadata) => {
    standIn.quirks.metadata = metadata;
    expect(await failureOf(standIn, begin(provider))).toBe(unavailable);
  });

  it.each([
    ['a redirect', 302, '{}'],
    ['404', 404, '{}'],
    ['a page', 200, '<html>'],
    ['too much', 200, `"${'x'.repeat(1_100_000)}"`],
  ])('is not used while its document is answered with %s, and then is', async (_, status, body) => {
    const path = '/.well-known/openid-configuration';
    standIn.faults.set(path, (__, answer) =>
      answer.writeHead(status, { location: 'https://evil.example' }).end(body),
    );
    expect(await failureOf(standIn, begin(provider))).toBe(unavailable);
    standIn.faults.clear();
    const later = createProvider(standIn.settings);
    expect((await dance(standIn, later, 'ada')).profile.username).toBe('ada');
  });

  it('at a refresh may send no ID token, and then userinfo has to know the person', async () => {
    const { profile, tokens } = await dance(standIn, provider, 'ada');
    standIn.quirks.idTokenAtRefresh = false;
    standIn.quirks.userinfoClaims = { department: 'research' };
    const again = await provider.refresh(tokens);
    expect(again.profile).toMatchObject({ subject: profile.subject, email: profile.email });
    expect(again.profile.claims['department']).toBe('research');
    standIn.faults.set('/userinfo', (_, answer) => answer.writeHead(401).end());
    expect(await failureOf(standIn, provider.refresh(again.tokens))).toBe(refused);
  });

  it.each<[what: string, claims: Record<string, unknown>, wanted: string]>([
    ['of another sign-in', { nonce: 'another' }, failed],
    ['of another person', { sub: 'sub-2' }, failed],
    ['without a nonce', { nonce: undefined }, 'none'],
  ])('at a refresh is believed or not when the ID token is %s', async (_, claims, wanted) => {
    const { tokens } = await dance(standIn, provider, 'ada');
    standIn.quirks.idClaims = claims;
    expect(await failureOf(standIn, provider.refresh(tokens))).toBe(wanted);
  });

  it('gives roles and permissions from signed tokens only, groups and capabilities from all claims', async () => {
    const mapped = createProvider({
      ...standIn.settings,
      roleClaim: 'role',
      permissionsClaim: 'https://acme.example/permissions',
      groupsClaim: 'team.names',
      claimMappings: [
        { claim: 'level', value: '3', capabilities: ['orders.approve'] },
        { claim: 'entitlements', value: 'export', capabilities: ['orders.export'] },
        { claim: 'nothing', value: 'x', capabilities: ['never'] },
      ],
    });
    standIn.quirks.idClaims = {
      role: undefined,
      'https://acme.example/permissions': ['data.read'],
      https: { '//acme': 'decoy' },
      level: 3,
    };
    standIn.quirks.userinfoClaims = { role: 'admin', team: { names: ['red'] }, entitlements: 'read export' };
    const { profile } = await dance(standIn, mapped, 'ada');
    expect(profile).not.toHaveProperty('role');
    expect(profile).toMatchObject({
      permissions: ['data.read'],
      groups: ['red'],
      capabilities: ['orders.approve', 'orders.export'],
    });
    standIn.quirks.idClaims = { role: 'analyst' };
    expect((await dance(standIn, mapped, 'ada')).profile.role).toBe('analyst');
  });

  it('cannot change what objects are with the names of its claims', async () => {
    standIn.quirks.idClaims = JSON.parse(
      '{"__proto__":{"role":"admin"},"constructor":"x"}',
    ) as object as Record<string, unknown>;
    const mapped = createProvider({ ...standIn.settings, roleClaim: 'constructor.name' });
    const { profile } = await dance(standIn, mapped, 'ada');
    expect(profile).not.toHaveProperty('role');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['role']).toBeUndefined();
  });

  it('gets the credentials in the way that its document names', async () => {
    await dance(standIn, provider, 'ada');
    const basic = standIn.seen.find(({ path }) => path === '/token')!;
    expect(basic.headers.authorization).toMatch(/^Basic /);
    expect(basic.body).not.toContain('client_secret');
    standIn.quirks.metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
    await dance(standIn, createProvider(standIn.settings), 'ada');
    const post = standIn.seen.filter(({ path }) => path === '/token').at(-1)!;
    expect(post.headers.authorization).toBeUndefined();
    expect(new URLSearchParams(post.body).get('client_secret')).toBe(clientSecret);
  });

  it('is asked for the audience, for offline access where it has that, and always for openid', async () => {
    standIn.quirks.metadata = { scopes_supported: ['openid', 'offline_access'] };
    const { searchParams } = new URL(
      (await begin(createProvider({ ...standIn.settings, audience: 'orders' }))).url,
    );
    expect(searchParams.get('audience')).toBe('orders');
    expect(searchParams.get('scope')).toBe('openid profile email offline_access');
    const own = createProvider({ ...standIn.settings, scope: 'email' });
    expect(new URL((await begin(own)).url).searchParams.get('scope')).toBe('openid email');
  });

  it('is told to sign the person out', async () => {
    const { tokens } = await dance(standIn, provider, 'ada');
    const url = new URL((await provider.logoutUrl(tokens, 'https://mcp.example/oauth')) ?? '');
    expect(url.origin + url.pathname).toBe(`${standIn.url}/logout`);
    expect(url.searchParams.get('id_token_hint')).toBe(tokens.idToken);
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe('https://mcp.example/oauth');
  });
});

describe('google', () => {
  it.each<[who: string, username: string, claims: Record<string, unknown>, wanted: string]>([
    ['a member of the Workspace', 'ada', {}, 'none'],
    ['a member in capital letters', 'ada', { hd: 'ACME.example' }, 'none'],
    ['a consumer account with an address at the company', 'mallory', { email_verified: true }, refused],
    ['a Workspace whose name ends alike', 'ada', { hd: 'evil-acme.example' }, refused],
    ['a Workspace below the domain', 'ada', { hd: 'x.acme.example' }, refused],
    ['a Workspace that the domain is a prefix of', 'ada', { hd: 'acme.example.evil.example' }, refused],
    ['a list of Workspaces', 'ada', { hd: ['acme.example'] }, refused],
    ['a member whose address is not verified', 'ada', { email_verified: false }, refused],
    ['a member whose address is verified in words', 'ada', { email_verified: 'false' }, refused],
  ])('with allowed_domains lets in or not: %s', async (_, username, claims, wanted) => {
    const standIn = await startGoogle();
    standIn.quirks.idClaims = claims;
    const provider = createProvider({ ...standIn.settings, allowedDomains: ['acme.example'] });
    expect(await failureOf(standIn, dance(standIn, provider, username))).toBe(wanted);
    await standIn.close();
  });

  it('refuses a person who left the Workspace at the next refresh', async () => {
    const standIn = await startGoogle();
    const provider = createProvider({ ...standIn.settings, allowedDomains: ['acme.example', 'acme.test'] });
    const { tokens } = await dance(standIn, provider, 'ada');
    standIn.users.get('ada')!.facts = {};
    expect(await failureOf(standIn, provider.refresh(tokens))).toBe(refused);
    await standIn.close();
  });

  it('asks for offline access and hints at the domain', async () => {
    const standIn = await startGoogle();
    const hintFor = async (allowedDomains: string[]): Promise<Record<string, string>> =>
      Object.fromEntries(
        new URL((await begin(createProvider({ ...standIn.settings, allowedDomains }))).url).searchParams,
      );
    expect(await hintFor([])).toMatchObject({ access_type: 'offline', prompt: 'consent' });
    expect(await hintFor([])).not.toHaveProperty('hd');
    expect(await hintFor(['acme.example'])).toMatchObject({ hd: 'acme.example' });
    expect(await hintFor(['acme.example', 'acme.test'])).toMatchObject({ hd: '*' });
    await standIn.close();
  });

  it('believes ID tokens whose issuer is written without https', async () => {
    const standIn = await startGoogle();
    standIn.quirks.idClaims = { iss: 'accounts.google.com' };
    expect((await dance(standIn, createProvider(standIn.settings), 'ada')).profile.subject).toBe('sub-1');
    await standIn.close();
  });
});

describe('keycloak', () => {
  it.each<[what: string, claims: Record<string, unknown>]>([
    ['issued to another client', { azp: 'another-client' }],
    ['of another realm', { iss: 'https://keycloak.example/realms/other' }],
    ['about another person', { sub: 'sub-2' }],
    ['that has expired', { exp: { inSeconds: -120 } }],
  ])('gives no roles from an access token %s', async (_, claims) => {
    const standIn = await startKeycloakStandIn();
    standIn.quirks.accessTokenClaims = ({ user }) => ({
      iss: `${standIn.url}/realms/acme`,
      sub: user.id,
      azp: clientId,
      exp: seconds() + 300,
      realm_access: { roles: ['admin'] },
      ...timed(claims),
    });
    const signedIn = dance(standIn, createProvider(standIn.settings), 'ada');
    expect(await failureOf(standIn, signedIn)).toBe(failed);
    await standIn.close();
  });

  it('gives roles of the realm and of this client, not of other clients', async () => {
    const standIn = await startKeycloakStandIn();
    const roleClaim = 'resource_access.mxcp-client.roles';
    const { profile } = await dance(standIn, createProvider({ ...standIn.settings, roleClaim }), 'ada');
    expect(profile.roles).toEqual(['editor']);
    const all = await dance(standIn, createProvider(standIn.settings), 'ada');
    expect(all.profile.roles).toEqual(['analyst', 'offline_access', 'editor']);
    await standIn.close();
  });
});

describe('workos', () => {
  it('lets in members of the organisation only, and reads permissions from the signed token', async () => {
    const standIn = await startWorkos();
    const provider = createProvider({ ...standIn.settings, permissionsClaim: 'permissions' });
    const { profile } = await dance(standIn, provider, 'ada');
    expect(profile.permissions).toEqual(['orders:read']);
    expect(await failureOf(standIn, dance(standIn, provider, 'mallory'))).toBe(refused);
    await standIn.close();
  });

  it('does not take the organisation from userinfo over the signed token', async () => {
    const standIn = await startWorkos();
    standIn.quirks.userinfoClaims = { org_id: standIn.settings.organizationId };
    const signedIn = dance(standIn, createProvider(standIn.settings), 'mallory');
    expect(await failureOf(standIn, signedIn)).toBe(refused);
    await standIn.close();
  });
});
