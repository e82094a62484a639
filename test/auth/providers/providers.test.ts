import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProvider } from '../../../src/auth/providers/create-provider.js';
import type { Provider } from '../../../src/auth/providers/provider.js';
import { startAtlassian } from '../stand-ins/atlassian.js';
import { type GithubFacts, startGithub } from '../stand-ins/github.js';
import { startGoogle } from '../stand-ins/google.js';
import { startKeycloakStandIn } from '../stand-ins/keycloak.js';
import { startOidc } from '../stand-ins/oidc.js';
import { startSalesforce } from '../stand-ins/salesforce.js';
import { cancelSignIn } from '../stand-ins/sign-in.js';
import { clientId, clientSecret, type StandIn } from '../stand-ins/stand-in.js';
import { organizationId, startWorkos } from '../stand-ins/workos.js';
import { begin, comeBack, dance, failureOf } from './dance.js';

interface Case {
  readonly type: string;
  readonly start: () => Promise<StandIn>;
  /** Ada, as the profile has her. */
  readonly ada: Record<string, unknown>;
  readonly tokenPath: string;
  /** Makes the stand-in give refresh tokens where it does not do so by itself. */
  readonly withRefreshTokens?: (standIn: StandIn) => void;
}

const ada = {
  subject: 'sub-1',
  userId: 'sub-1',
  username: 'ada',
  email: 'ada@acme.example',
  name: 'Ada Lovelace',
};
const salesforceId = '005x0000001S2b9AAC';

const cases: readonly Case[] = [
  { type: 'oidc', start: () => startOidc(), ada: { ...ada, groups: ['engineering'] }, tokenPath: '/token' },
  { type: 'google', start: startGoogle, ada: { ...ada }, tokenPath: '/token' },
  {
    type: 'keycloak',
    start: startKeycloakStandIn,
    ada: { ...ada, roles: ['analyst', 'offline_access', 'editor'], groups: ['/staff'] },
    tokenPath: '/realms/acme/protocol/openid-connect/token',
  },
  { type: 'workos', start: startWorkos, ada: { ...ada }, tokenPath: '/oauth2/token' },
  {
    type: 'github',
    start: startGithub,
    ada: { ...ada, subject: '1001', userId: '1001', groups: ['acme/admins', 'acme/engineering'] },
    tokenPath: '/login/oauth/access_token',
    withRefreshTokens: ({ switches }) => (switches.refreshTokens = true),
  },
  {
    type: 'atlassian',
    start: startAtlassian,
    ada: { ...ada, subject: '557058:ada', userId: '557058:ada' },
    tokenPath: '/oauth/token',
  },
  {
    type: 'salesforce',
    start: startSalesforce,
    ada: { ...ada, subject: `00Dx0000001T0zkEAC/${salesforceId}`, userId: salesforceId },
    tokenPath: '/services/oauth2/token',
  },
];

describe.each(cases)('$type', ({ start, ada: expected, tokenPath, withRefreshTokens }) => {
  let standIn: StandIn;
  let provider: Provider;

  beforeEach(async () => {
    standIn = await start();
    provider = createProvider(standIn.settings);
  });
  afterEach(() => standIn.close());

  const tokenRequests = (): number => standIn.count(tokenPath);

  it('signs a person in: subject, verified address, name and groups', async () => {
    const { profile, tokens } = await dance(standIn, provider, 'ada');
    expect(profile).toMatchObject(expected);
    expect(tokens.subject).toBe(expected['subject']);
    expect(standIn.issued.accessTokens).toContain(tokens.accessToken);
    expect(tokens.scopes.length).toBeGreaterThan(0);
  });

  it('sends the browser away with S256, state and nonce, which nothing configured can replace', async () => {
    const extraAuthorizeParams = {
      state: 'x',
      code_challenge_method: 'plain',
      client_id: 'x',
      login_hint: 'a b',
    };
    const begun = await begin(createProvider({ ...standIn.settings, extraAuthorizeParams }));
    const { searchParams } = new URL(begun.url);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'mxcp-client',
      code_challenge_method: 'S256',
      state: begun.state,
      nonce: begun.nonce,
      login_hint: 'a b',
    });
    expect(searchParams.get('code_challenge')).toHaveLength(43);
    expect(begun.url).not.toContain(begun.codeVerifier);
  });

  it('signs in people without an address', async () => {
    expect((await dance(standIn, provider, 'grace')).profile.email).toBeNull();
  });

  it('gives no address that the provider does not call verified', async () => {
    const mallory = standIn.users.get('mallory')!;
    if ('organization' in mallory.facts) mallory.facts['organization'] = organizationId;
    const { profile } = await dance(standIn, provider, 'mallory');
    expect(profile.email).toBeNull();
  });

  it('finishes two sign-ins that one browser began at once, in any order', async () => {
    const [first, second] = [await begin(provider), await begin(provider)];
    const late = await comeBack(standIn, first, 'ada');
    const early = await comeBack(standIn, second, 'grace');
    expect((await provider.finish(early)).profile.username).toBe('grace');
    expect((await provider.finish(late)).profile.username).toBe('ada');
  });

  it('brings the person back with an error when he cancels', async () => {
    const { searchParams } = await cancelSignIn(standIn, (await begin(provider)).url);
    expect(searchParams.get('error')).toBe('access_denied');
  });

  it('refuses a code that was used', async () => {
    const response = await comeBack(standIn, await begin(provider), 'ada');
    await provider.finish(response);
    expect(await failureOf(standIn, provider.finish(response))).toBe('AUTH_SIGN_IN_FAILED');
  });

  it('refuses a code with the verifier of another sign-in', async () => {
    const response = await comeBack(standIn, await begin(provider), 'ada');
    const { codeVerifier } = await begin(provider);
    expect(await failureOf(standIn, provider.finish({ ...response, codeVerifier }))).toBe(
      'AUTH_SIGN_IN_FAILED',
    );
  });

  it('says that the settings are wrong when the secret is', async () => {
    const wrong = createProvider({ ...standIn.settings, clientSecret: 'another-secret' });
    const response = await comeBack(standIn, await begin(wrong), 'ada');
    const failure = wrong.finish(response);
    await expect(failure).rejects.toThrow(/check client_id, client_secret/);
    expect(await failureOf(standIn, failure)).toBe('AUTH_UNAVAILABLE');
  });

  it('refreshes tokens and looks at the person again', async () => {
    withRefreshTokens?.(standIn);
    const { tokens } = await dance(standIn, provider, 'ada');
    expect(tokens.refreshToken).toBeDefined();
    standIn.users.get('ada')!.name = 'Ada King';
    const again = await provider.refresh(tokens);
    expect(again.profile).toMatchObject({ ...expected, name: 'Ada King' });
    expect(again.tokens.accessToken).not.toBe(tokens.accessToken);
    expect(again.tokens.refreshToken).toBeDefined();
    expect((await provider.refresh(again.tokens)).profile.subject).toBe(expected['subject']);
  });

  it('without a refresh token looks at the person again for as long as the token lives', async () => {
    standIn.switches.refreshTokens = false;
    const { tokens } = await dance(standIn, provider, 'ada');
    expect(tokens.refreshToken).toBeUndefined();
    const asked = tokenRequests();
    expect((await provider.refresh(tokens)).profile).toMatchObject(expected);
    const expired = provider.refresh({ ...tokens, expiresAt: Date.now() - 1 });
    expect(await failureOf(standIn, expired)).toBe('AUTH_UPSTREAM_REFUSED');
    expect(tokenRequests()).toBe(asked);
  });

  it.each([true, false])(
    'refuses people whose access was revoked (refresh tokens: %s)',
    async (refreshTokens) => {
      standIn.switches.refreshTokens = refreshTokens;
      const { tokens } = await dance(standIn, provider, 'ada');
      standIn.revoke('ada');
      expect(await failureOf(standIn, provider.refresh(tokens))).toBe('AUTH_UPSTREAM_REFUSED');
    },
  );

  it('refuses tokens that turn out to be of another person', async () => {
    const { tokens } = await dance(standIn, provider, 'ada');
    const other = (await dance(standIn, provider, 'grace')).tokens;
    const mixed = { ...other, subject: tokens.subject };
    expect(await failureOf(standIn, provider.refresh(mixed))).toBe('AUTH_UPSTREAM_REFUSED');
  });

  it.each([
    ['a redirect', 302, { location: 'https://evil.example/token' }, '{}'],
    ['a fault of the server', 500, {}, '{"error":"invalid_grant"}'],
    ['too many requests', 429, {}, '{}'],
    ['no JSON', 200, {}, '<html>'],
    ['no token', 200, {}, '{"token_type":"bearer"}'],
    ['a list', 200, {}, '[]'],
    ['a token of another type', 200, {}, '{"access_token":"a","token_type":"mac"}'],
    ['too much', 200, {}, `{"access_token":"${'a'.repeat(1_100_000)}"}`],
  ])('takes %s of the token endpoint for an outage', async (_, status, headers, body) => {
    const response = await comeBack(standIn, await begin(provider), 'ada');
    standIn.faults.set(tokenPath, (__, answer) => answer.writeHead(status, headers).end(body));
    expect(await failureOf(standIn, provider.finish(response))).toBe('AUTH_UNAVAILABLE');
    standIn.faults.clear();
    expect((await provider.finish(response)).profile).toMatchObject(expected);
  });

  it('takes an outage during a refresh for an outage, not for a refusal', async () => {
    withRefreshTokens?.(standIn);
    const { tokens } = await dance(standIn, provider, 'ada');
    standIn.faults.set(tokenPath, (_, answer) => answer.destroy());
    expect(await failureOf(standIn, provider.refresh(tokens))).toBe('AUTH_UNAVAILABLE');
  });
});

describe('github', () => {
  const facts = (standIn: StandIn, username: string): GithubFacts =>
    standIn.users.get(username)!.facts as GithubFacts;

  async function outcome(
    username: string,
    lists: { allowedOrgs?: string[]; allowedTeams?: string[]; scope?: string },
    change: (standIn: StandIn) => void = () => undefined,
  ): Promise<string> {
    const standIn = await startGithub();
    try {
      change(standIn);
      return await failureOf(
        standIn,
        dance(standIn, createProvider({ ...standIn.settings, ...lists }), username),
      );
    } finally {
      await standIn.close();
    }
  }

  it.each([
    ['a member, on the third page of memberships', 'ada', { allowedOrgs: ['acme'] }, 'none'],
    ['a member of one of several', 'ada', { allowedOrgs: ['other', 'acme'] }, 'none'],
    ['a stranger', 'ada', { allowedOrgs: ['other'] }, 'AUTH_UPSTREAM_REFUSED'],
    [
      'an invited person whose membership is pending',
      'mallory',
      { allowedOrgs: ['acme'] },
      'AUTH_UPSTREAM_REFUSED',
    ],
    [
      'a member of an organisation with a similar name',
      'mallory',
      { allowedTeams: ['acme/admins'] },
      'AUTH_UPSTREAM_REFUSED',
    ],
    ['a member of the team', 'ada', { allowedTeams: ['acme/admins'] }, 'none'],
    [
      'a member of the organisation but not of the team',
      'grace',
      { allowedTeams: ['acme/admins'] },
      'AUTH_UPSTREAM_REFUSED',
    ],
    [
      'a member of a team but of no listed organisation',
      'ada',
      { allowedOrgs: ['other'], allowedTeams: ['acme/admins'] },
      'AUTH_UPSTREAM_REFUSED',
    ],
    ['anybody without lists', 'mallory', {}, 'none'],
    [
      'a member whose organisations may not be read',
      'ada',
      { allowedOrgs: ['acme'], scope: 'read:user' },
      'AUTH_UPSTREAM_REFUSED',
    ],
  ])('%s', async (_, username, lists, wanted) => {
    expect(await outcome(username, lists)).toBe(wanted);
  });

  it('without a right to read organisations and without lists signs in people with no groups', async () => {
    const standIn = await startGithub();
    const provider = createProvider({ ...standIn.settings, scope: 'read:user' });
    const { profile } = await dance(standIn, provider, 'ada');
    expect(profile).toMatchObject({ username: 'ada', email: null, groups: [] });
    await standIn.close();
  });

  it('refuses a team of an organisation in which the membership is pending', async () => {
    const pending = (standIn: StandIn): void => {
      facts(standIn, 'mallory').teams = ['Acme/admins'];
    };
    expect(await outcome('mallory', { allowedTeams: ['acme/admins'] }, pending)).toBe(
      'AUTH_UPSTREAM_REFUSED',
    );
  });

  it('checks membership again at a refresh', async () => {
    const standIn = await startGithub();
    const provider = createProvider({ ...standIn.settings, allowedOrgs: ['acme'] });
    const { tokens } = await dance(standIn, provider, 'ada');
    expect((await provider.refresh(tokens)).profile.username).toBe('ada');
    facts(standIn, 'ada').organizations = [];
    expect(await failureOf(standIn, provider.refresh(tokens))).toBe('AUTH_UPSTREAM_REFUSED');
    await standIn.close();
  });

  it('sends the token nowhere else, whatever the Link header says, and believes no endless pages', async () => {
    const standIn = await startGithub();
    const provider = createProvider({ ...standIn.settings, allowedOrgs: ['other'] });
    const link = '<http://127.0.0.1:1/steal>; rel="next"';
    const path = '/api/v3/user/memberships/orgs';
    standIn.faults.set(path, (_, answer) => answer.writeHead(200, { link }).end('[]'));
    expect(await failureOf(standIn, dance(standIn, provider, 'ada'))).toBe('AUTH_UNAVAILABLE');
    expect(standIn.count(path)).toBe(50);
    await standIn.close();
  });

  it('takes an exhausted rate limit for an outage, not for a missing membership', async () => {
    const standIn = await startGithub();
    const headers = { 'x-ratelimit-remaining': '0' };
    standIn.faults.set('/api/v3/user/teams', (_, answer) => answer.writeHead(403, headers).end('{}'));
    expect(await failureOf(standIn, dance(standIn, createProvider(standIn.settings), 'ada'))).toBe(
      'AUTH_UNAVAILABLE',
    );
    await standIn.close();
  });
});

describe('atlassian', () => {
  it('lists the sites that the token reaches', async () => {
    const standIn = await startAtlassian();
    const provider = createProvider({ ...standIn.settings, scope: 'read:me read:jira-work offline_access' });
    const { profile } = await dance(standIn, provider, 'ada');
    expect(profile.claims['accessible_resources']).toMatchObject([{ url: 'https://acme.atlassian.net' }]);
    await standIn.close();
  });

  it('refuses accounts that are not active', async () => {
    const standIn = await startAtlassian();
    standIn.users.get('ada')!.facts = { account_status: 'closed' };
    const signedIn = dance(standIn, createProvider(standIn.settings), 'ada');
    expect(await failureOf(standIn, signedIn)).toBe('AUTH_UPSTREAM_REFUSED');
    await standIn.close();
  });
});

describe('salesforce', () => {
  const identityPath = `/id/00Dx0000001T0zkEAC/${salesforceId}`;

  /** What comes of a sign-in whose token answer is changed on its way. */
  async function outcome(change: (body: Record<string, string>) => object): Promise<string> {
    const standIn = await startSalesforce();
    const provider = createProvider(standIn.settings);
    const response = await comeBack(standIn, await begin(provider), 'ada');
    const request = { grant_type: 'authorization_code', client_id: clientId, client_secret: clientSecret };
    const { code, redirectUri, codeVerifier } = response;
    const fields = { ...request, code, redirect_uri: redirectUri, code_verifier: codeVerifier };
    const path = '/services/oauth2/token';
    const genuine = await fetch(standIn.url + path, { method: 'POST', body: new URLSearchParams(fields) });
    const body = JSON.stringify(change((await genuine.json()) as Record<string, string>));
    standIn.faults.set(path, (_, answer) => answer.writeHead(200).end(body));
    const failure = await failureOf(standIn, provider.finish(response));
    expect(standIn.count(identityPath)).toBe(failure === 'none' ? 1 : 0);
    await standIn.close();
    return failure;
  }

  it.each<[what: string, change: (body: Record<string, string>) => object, wanted: string]>([
    ['as it came', (body) => body, 'none'],
    ['with another identity URL', (body) => ({ ...body, id: `${body['id'] ?? ''}x` }), 'AUTH_SIGN_IN_FAILED'],
    ['with another time', (body) => ({ ...body, issued_at: '1' }), 'AUTH_SIGN_IN_FAILED'],
    ['with a short signature', (body) => ({ ...body, signature: 'AAAA' }), 'AUTH_SIGN_IN_FAILED'],
    ['without a signature', (body) => ({ ...body, signature: undefined }), 'AUTH_SIGN_IN_FAILED'],
    [
      'with an instance elsewhere',
      (body) => ({ ...body, instance_url: 'https://evil.example' }),
      'AUTH_SIGN_IN_FAILED',
    ],
    [
      'with an instance that looks alike',
      (body) => ({ ...body, instance_url: 'https://evilsalesforce.com' }),
      'AUTH_SIGN_IN_FAILED',
    ],
    [
      'with an instance without TLS',
      (body) => ({ ...body, instance_url: 'http://acme.my.salesforce.com' }),
      'AUTH_SIGN_IN_FAILED',
    ],
    ['without an instance', (body) => ({ ...body, instance_url: undefined }), 'AUTH_SIGN_IN_FAILED'],
  ])('is believed or not when it answers %s', async (_, change, wanted) => {
    expect(await outcome(change)).toBe(wanted);
  });

  it('assumes the shortest session, because tokens say nothing of their end', async () => {
    const standIn = await startSalesforce();
    const { tokens } = await dance(standIn, createProvider(standIn.settings), 'ada');
    expect(tokens.expiresAt! - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    await standIn.close();
  });

  it('refuses users who are not active', async () => {
    const standIn = await startSalesforce();
    standIn.users.get('ada')!.facts = { active: false };
    const signedIn = dance(standIn, createProvider(standIn.settings), 'ada');
    expect(await failureOf(standIn, signedIn)).toBe('AUTH_UPSTREAM_REFUSED');
    await standIn.close();
  });
});
