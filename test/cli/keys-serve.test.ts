import { describe, expect, it, onTestFinished } from 'vitest';
import { temporarySite, type TemporarySite } from './temporary-site.js';

const env = { MXCP_SECRET_KEY: 'a secret of sixteen and more' };

const files = {
  'mxcp-site.yml': `mxcp: 1
project: shop
profile: default
profiles: { default: { auth: { api_keys: true } } }
`,
  'tools/one.yml': `mxcp: 1
tool: { name: one, description: One, return: { type: integer }, source: { code: SELECT 1 } }
`,
};

/** Serves the site until the test has ended; gives the address of its endpoint. */
function serve(site: TemporarySite): Promise<string> {
  const stopping = new AbortController();
  return new Promise((resolve, reject) => {
    const look = (text: string): void => {
      const url = /http:\/\/[^\s"]+\/mcp/.exec(text)?.[0];
      if (url !== undefined) resolve(url);
    };
    const options = { env, signal: stopping.signal, onStderr: look, onStdout: look };
    const served = site.mxcp(['serve', '--port', '0'], options);
    served.then(({ stderr }) => reject(new Error(`The server ended: ${stderr}`)), reject);
    onTestFinished(async () => {
      stopping.abort();
      await served;
    });
  });
}

async function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'one', arguments: {} },
    }),
  });
  await response.text();
  return response.status;
}

describe('a server that takes API keys', () => {
  it('lets a service in by header, records each use by key id, and turns it away once its key is revoked', async () => {
    const site = temporarySite(files);
    const url = await serve(site);
    const made = await site.mxcp(['keys', 'create', 'ci', '--json'], { env });
    const { key, id } = made.json()['result'] as { key: string; id: string };
    expect(await statusOf(url, {})).toBe(401);
    expect(await statusOf(url, { 'x-api-key': key })).toBe(200);
    expect(await statusOf(url, { authorization: `Bearer ${key}` })).toBe(200);
    expect(await statusOf(url, { 'x-api-key': `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}` })).toBe(
      401,
    );
    await site.mxcp(['keys', 'revoke', 'ci'], { env });
    await expect.poll(() => statusOf(url, { 'x-api-key': key }), { interval: 50, timeout: 5000 }).toBe(401);

    const log = await site.mxcp(['log', '--tool', 'one', '--json'], { env });
    const { records } = log.json()['result'] as { records: readonly Record<string, unknown>[] };
    expect(records.length).toBeGreaterThanOrEqual(2);
    for (const record of records)
      expect(record).toMatchObject({ client_id: id, user_key: 'api-key|key:ci', identity_source: 'key' });
    expect(log.stdout).not.toContain(key.slice(24));
  });
});
