import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from './browser.js';
import {
  allow,
  authorizeRequest,
  exchange,
  refresh,
  register,
  redirectUri,
  toConsent,
  dance,
} from './dance.js';
import { openSite, type Site } from './open-site.js';

describe('the authorization server', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site.close());

  it('takes a client from registration to a token that says who is calling', async () => {
    const clientId = await register(site);
    const browser = new Browser();
    const attempt = authorizeRequest(site, clientId, { scope: 'tag:hr tag:sales' });
    const page = await toConsent(browser, attempt);
    expect(page.status).toBe(200);
    expect(page.text).toContain('Test client');
    const answer = await allow(browser, page, { scope: ['tag:hr'] });
    expect(answer.href.startsWith(redirectUri)).toBe(true);
    expect(Object.fromEntries(answer.searchParams)).toMatchObject({
      state: 'state-of-the-client',
      iss: site.url,
    });
    const { status, headers, body } = await exchange(site, clientId, attempt, answer);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'mcp tag:hr' });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    const identity = await site.issuer.authenticator.verify({
      kind: 'bearer',
      value: body.access_token ?? '',
    });
    expect(identity).toMatchObject({
      source: 'verified',
      provider: 'acme',
      key: 'acme|id-of-ada',
      username: 'ada',
      email: 'ada@example.com',
      groups: ['adas'],
      scopes: ['mcp', 'tag:hr'],
      clientId,
    });
  });

  it("refreshes, keeping the family's scopes", async () => {
    const { clientId, refreshToken } = await dance(site, { scope: 'tag:hr tag:sales' });
    const narrower = await refresh(site, clientId, refreshToken, { scope: 'mcp tag:hr' });
    expect(narrower.body).toMatchObject({ scope: 'mcp tag:hr' });
    const again = await refresh(site, clientId, narrower.body.refresh_token ?? '');
    expect(again.body).toMatchObject({ scope: 'mcp tag:hr tag:sales' });
  });
});
