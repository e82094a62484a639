import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeRequest, exchange, register } from '../auth/issuer/dance.js';
import { openSite, type Site } from '../auth/issuer/open-site.js';
import { startStandIn } from '../auth/issuer/stand-in-provider.js';
import { openChromium } from './open-chromium.js';
import { startClient, type WaitingClient } from './start-client.js';

const images = new URL('../../docs/images/', import.meta.url);
const scope = 'tag:hr tag:sales orders:write';

let browser: Browser;
let site: Site;
let client: WaitingClient;
let axe: string;
beforeAll(async () => {
  browser = await openChromium();
  client = await startClient();
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const providers = [await startStandIn('Acme ID'), await startStandIn('Partners')];
  site = await openSite({ providers, facts: { allowed: () => ['tag:hr', 'tag:sales'] } });
});
afterAll(async () => {
  await browser.close();
  await client.close();
  await site.close();
});

let people = 0;

/** A browser of a person of its own. */
async function inBrowser(options: BrowserContextOptions, work: (page: Page) => Promise<void>): Promise<void> {
  site.upstream.person = `ada${(people += 1)}`;
  const context = await browser.newContext(options);
  try {
    await work(await context.newPage());
  } finally {
    site.upstream.logoutPage = undefined;
    await context.close();
  }
}

async function newRequest() {
  const clientId = await register(site, {
    client_name: 'Report writer',
    redirect_uris: [client.redirectUri],
  });
  return { clientId, attempt: authorizeRequest(site, clientId, { scope, redirect_uri: client.redirectUri }) };
}

async function tokensOf({ clientId, attempt }: Awaited<ReturnType<typeof newRequest>>) {
  const query = await client.answer();
  const answer = new URL(`${client.redirectUri}?${query.toString()}`);
  return exchange(site, clientId, attempt, answer, { redirect_uri: client.redirectUri });
}

/** Presses Tab until the element with this text or label has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate<string>(
      'document.activeElement.textContent || document.activeElement.parentElement?.textContent || ""',
    );
    if (text.includes(name)) return;
  }
  throw new Error(`Nothing called "${name}" gets the focus`);
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

async function picture(page: Page, name: string): Promise<void> {
  if (process.env['MXCP_IMAGES'] !== '1') return;
  await page.screenshot({ path: new URL(`${name}.png`, images).pathname, fullPage: true });
}

describe('the pages in a browser', () => {
  it('need only a keyboard, from sign-in over consent to the client', async () => {
    await inBrowser({}, async (page) => {
      const request = await newRequest();
      await page.goto(request.attempt.url.href);
      await tabTo(page, 'Sign in with Acme ID');
      await page.keyboard.press('Enter');
      await page.waitForSelector('text=Let Report writer connect?');
      await tabTo(page, 'tagged “sales”');
      await page.keyboard.press('Space');
      await tabTo(page, 'Allow');
      await page.keyboard.press('Enter');
      await page.waitForSelector('text=You can close this window');
      expect((await tokensOf(request)).body.scope).toBe('mcp tag:hr');
    });
  });

  it('need no JavaScript', async () => {
    await inBrowser({ javaScriptEnabled: false }, async (page) => {
      const request = await newRequest();
      await page.goto(request.attempt.url.href);
      await page.click('text=Sign in with Acme ID');
      await page.uncheck('input[value="tag:hr"]');
      await page.click('button:has-text("Allow")');
      await page.waitForURL('**/done');
      expect((await tokensOf(request)).body.scope).toBe('mcp tag:sales');
      await page.goto(`${site.url}/oauth`);
      await page.click('button:has-text("Revoke")');
      await page.waitForSelector('text=No application is connected');
      await page.click('button:has-text("Sign out") >> nth=0');
      await page.waitForSelector('text=Sign in with Acme ID');
    });
  });

  it('tell the client of a denial', async () => {
    await inBrowser({ javaScriptEnabled: false }, async (page) => {
      await page.goto((await newRequest()).attempt.url.href);
      await page.click('text=Sign in with Acme ID');
      await page.click('button:has-text("Deny")');
      await page.waitForURL('**/done');
      expect((await client.answer()).get('error')).toBe('access_denied');
    });
  });

  it.each([
    ['a narrow window', { viewport: { width: 320, height: 640 } }],
    ['an ordinary window', { viewport: { width: 720, height: 480 } }],
    ['the dark', { viewport: { width: 800, height: 700 }, colorScheme: 'dark' as const }],
  ])('fit into %s, and axe finds nothing against them', async (what, options) => {
    const suffix = what === 'a narrow window' ? '-narrow' : what === 'the dark' ? '-dark' : '';
    await inBrowser(options, async (page) => {
      const check = async (name: string): Promise<void> => {
        expect(await violations(page)).toEqual([]);
        const wide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
        expect(wide).toBe(false);
        if (suffix === '' || name === 'consent') await picture(page, `${name}${suffix}`);
      };
      const request = await newRequest();
      await page.goto(request.attempt.url.href);
      await check('sign-in');
      await page.click('text=Sign in with Acme ID');
      await check('consent');
      await page.click('button:has-text("Allow")');
      await page.waitForURL('**/done');
      await tokensOf(request);
      await page.goto(`${site.url}/oauth`);
      await check('account');
      site.upstream.logoutPage = 'https://id.acme.example/logout';
      await page.click('button:has-text("Sign out") >> nth=0');
      await page.waitForSelector('text=You are signed out');
      await check('signed-out');
      expect(await page.getAttribute('text=Sign out at Acme ID too', 'href')).toBe(site.upstream.logoutPage);
      await page.goto(`${site.url}/oauth/callback/${encodeURIComponent('Acme ID')}?state=used`);
      await check('problem');
    });
  });

  it('show where the focus is', async () => {
    await inBrowser({}, async (page) => {
      await page.goto(`${site.url}/oauth`);
      await tabTo(page, 'Sign in with Acme ID');
      const width = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineWidth');
      expect(width).toBe('3px');
    });
  });

  it('cannot be framed by another page', async () => {
    await inBrowser({}, async (page) => {
      const request = await newRequest();
      await page.goto(request.attempt.url.href);
      await page.click('text=Sign in with Acme ID');
      const consent = page.url();
      await page.goto(client.redirectUri.replace('/callback', '/frame'));
      await page.evaluate(`document.body.innerHTML = '<iframe src="${consent}"></iframe>'`);
      await page.waitForLoadState('networkidle');
      const inside = page.frames().map((frame) => frame.url());
      expect(inside.some((url) => url === consent)).toBe(false);
    });
  });
});
