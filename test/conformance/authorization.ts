import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servePeople } from '../acceptance/people-site.js';
import { Browser } from '../auth/issuer/browser.js';
import { signIn } from '../auth/stand-ins/sign-in.js';
import type { StandIn } from '../auth/stand-ins/stand-in.js';

const port = 3999;
const callback = `http://127.0.0.1:${port}/callback`;

/** What a person does with the address that the tool prints: signs in at the provider, allows, and comes back to the tool. */
async function approve(authorizeUrl: string, standIn: StandIn): Promise<void> {
  const browser = new Browser();
  const away = (url: URL): boolean => url.href.startsWith(callback) || url.origin === standIn.url;
  const page = await browser.go(authorizeUrl, away);
  const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1];
  const { location = '' } = await browser.go(link ?? '', away);
  const consent = await browser.go(await signIn(standIn, location, 'dana'), away);
  const sent = await browser.submit(consent, 'decision', 'allow');
  const back = await browser.go(sent.location ?? '', away);
  await fetch(back.location ?? '');
}

/**
 * Runs the authorization suite of the official conformance tool against a whole server, where a person signs in at a stand-in
 * provider. `tool` is what `npx` is asked for. Gives the exit code.
 */
export async function conformAuthorization(tool: readonly string[]): Promise<number> {
  const site = await servePeople({
    auth: `clients: [{client_id: conf, name: Conformance, redirect_uris: ['${callback}']}]`,
  });
  try {
    const results = mkdtempSync(join(tmpdir(), 'mxcp-conformance-results-'));
    const where = ['--url', site.url, '--resource', site.mcpUrl, '--client-id', 'conf', '-p', String(port)];
    const child = spawn('npx', [...tool, 'authorization', ...where, '-o', results], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    const approved = new Set<string>();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      process.stdout.write(text);
      printed += text;
      for (const [url] of printed.matchAll(/https?:\/\/\S*\/oauth\/authorize\?\S+(?=\s)/g)) {
        if (approved.has(url)) continue;
        approved.add(url);
        approve(url, site.standIn).catch((error: unknown) => {
          process.stderr.write(`The person could not approve: ${String(error)}\n`);
          child.kill();
        });
      }
    });
    return await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
  } finally {
    await site.close();
  }
}
