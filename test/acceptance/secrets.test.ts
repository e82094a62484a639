import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ran } from '../cli/run-in-process.js';
import { temporarySite, type TemporarySite } from '../cli/temporary-site.js';
import { envelope, modernHeaders, post, toolCall } from '../transport/http/post.js';
import { cases } from './calls.js';
import { configured, endings, secretsSite, siteSecret } from './secrets-site.js';

interface Look {
  readonly name: string;
  readonly value: string;
  readonly text: string;
}

const planted = cases('secrets') as {
  readonly looks: readonly Look[];
  readonly keys: readonly string[];
  readonly kept: readonly { readonly name: string; readonly text: string }[];
  readonly emails: readonly { readonly address: string; readonly kept: string; readonly released: string }[];
};

interface Served {
  readonly site: TemporarySite;
  readonly url: string;
  readonly stop: () => Promise<Ran>;
}

/** The program itself serves, so that its own log is the one that is searched. */
async function serve(output: 'none' | 'full'): Promise<Served> {
  const site = temporarySite(secretsSite(output));
  const controller = new AbortController();
  let running: Promise<Ran> | undefined;
  const url = await new Promise<string>((resolve, reject) => {
    const onStdout = (text: string): void => {
      const found = /http:\S+/.exec(text);
      if (found) resolve(found[0]);
    };
    running = site.mxcp(['serve', '--port', '0', '--debug', '--config', 'config.yml'], {
      signal: controller.signal,
      onStdout,
    });
    running.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
  const stop = async (): Promise<Ran> => {
    controller.abort();
    return running ?? Promise.reject(new Error('not started'));
  };
  return { site, url, stop };
}

function auditText(site: TemporarySite): string {
  const folder = join(site.root, 'audit');
  const names = readdirSync(folder).filter((name) => !name.endsWith('.reserve'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
}

type Arguments = Readonly<Record<string, unknown>>;

/** Every place in which a text can stand. */
function placed(text: string): Arguments[] {
  return [
    { note: text },
    { body: { inner: text } },
    { body: { deep: [{ deeper: { [text]: text } }] } },
    { list: [text, [text]] },
    { note: JSON.stringify({ inner: text }) },
    { note: JSON.stringify([JSON.stringify({ inner: text })]) },
    { body: { inner: JSON.stringify({ deep: [text] }) } },
  ];
}

/** Every place in which a field can have a name. */
function keyed(key: string, value: string): Arguments[] {
  return [
    { body: { [key]: value } },
    { body: { deep: [{ deeper: { [key]: value } }] } },
    { list: [{ [key]: [value, value] }] },
    { note: JSON.stringify({ [key]: value }) },
    { note: JSON.stringify([JSON.stringify({ a: { [key]: value } })]) },
  ];
}

const secretOf = (key: string): string => `hunter2-of-${key.toLowerCase().replaceAll(/[^a-z]/g, '')}-planted`;
const pin = 'PLANTED-pin-7731';

function everything(): Arguments[] {
  return [
    ...planted.looks.flatMap(({ value, text }) => placed(text.replace('PLANT', value))),
    ...planted.keys.flatMap((key) => keyed(key, secretOf(key))),
    { pin, note: `the pin is ${pin}` },
    { password: secretOf('password'), note: '' },
    { note: { not: 'a text', pin }, pin: [pin] },
  ];
}

describe.each(['none', 'full'] as const)('with audit.output: %s', (output) => {
  let served: Served;
  let log: string;
  let audit: string;
  const answers: string[] = [];

  beforeAll(async () => {
    served = await serve(output);
    for (const name of [...Object.keys(endings), 'denied']) {
      for (const args of everything()) {
        const answer = await post(served.url, ...toolCall('legacy', name, args));
        if (name === 'fails' || name === 'raises' || name === 'misfits') answers.push(answer.text);
      }
    }
    for (const { value, text } of planted.looks) {
      const look = text.replace('PLANT', value);
      await post(served.url, ...toolCall('legacy', 'gives', { note: look, pin }));
      await post(served.url, ...toolCall('legacy', look, {}));
      const uri = `page://${pin}/${encodeURIComponent(look).replaceAll('%20', ' ')}`;
      await read(uri, look.includes('\n') ? 'agent' : look);
      await read(`unknown://x?token=${secretOf('token')}&q=1`, 'agent');
    }
    for (const headers of [
      { authorization: `Bearer ${configured}` },
      { 'x-api-key': siteSecret },
      { cookie: `s=${pin}` },
    ]) {
      const [body, usual] = toolCall('legacy', 'succeeds', {});
      await post(served.url, body, { ...usual, ...(headers as Record<string, string>) });
    }
    await post(`${served.url}?access_token=${configured}`, toolCall('legacy', 'succeeds')[0]);
    const ran = await served.stop();
    log = ran.stdout + ran.stderr;
    audit = auditText(served.site);
  });

  async function read(uri: string, agent: string): Promise<void> {
    const clientInfo = { name: agent, version: agent };
    const meta = { ...envelope, 'io.modelcontextprotocol/clientInfo': clientInfo };
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'resources/read',
      params: { uri, _meta: meta },
    });
    await post(served.url, body, {
      ...modernHeaders('resources/read', `=?base64?${Buffer.from(uri).toString('base64')}?=`),
      'user-agent': agent,
    });
  }

  it('every call is on record', () => {
    const calls = (Object.keys(endings).length + 1) * everything().length + planted.looks.length * 4;
    const records = audit.split('\n').filter((line) => /"operation_type":"(tool|resource)"/.test(line));
    expect(records.length).toBeGreaterThanOrEqual(calls);
    expect(log).toContain('listening');
  });

  it.each(planted.looks.map(({ name, value }) => [name, value] as const))('no log has %s', (_name, value) => {
    expect(audit.includes(value)).toBe(false);
    expect(log.includes(value)).toBe(false);
  });

  it.each(planted.keys)('no log has the value of a field %s', (key) => {
    expect(audit.includes(secretOf(key))).toBe(false);
    expect(log.includes(secretOf(key))).toBe(false);
  });

  it('no log has a sensitive argument, wherever it was repeated as such', () => {
    const withoutNotes = audit.replaceAll(/"note":"(?:[^"\\]|\\.)*"/g, '');
    expect(withoutNotes.includes(pin)).toBe(false);
    expect(log.includes(pin)).toBe(false);
  });

  it('no log has a secret of the configuration or a credential that was sent', () => {
    for (const secret of [siteSecret, configured]) {
      expect(audit.includes(secret)).toBe(false);
      expect(log.includes(secret)).toBe(false);
    }
  });

  it('no answer to a call that fails quotes what was in it', () => {
    const values = [pin, ...planted.looks.map(({ value }) => value), ...planted.keys.map(secretOf)];
    for (const value of values) expect(answers.filter((text) => text.includes(value))).toEqual([]);
  });
});

describe('what is no secret', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve('none');
  });
  afterAll(() => served.stop());

  it.each(planted.kept.map(({ name, text }) => [name, text] as const))(
    'stays on record: %s',
    async (_name, text) => {
      await post(served.url, ...toolCall('legacy', 'succeeds', { note: text }));
      expect(auditText(served.site)).toContain(JSON.stringify(text));
    },
  );

  it.each(planted.emails)('of $address the record keeps $kept, and a mask shows $released', async (one) => {
    await post(served.url, ...toolCall('legacy', 'succeeds', { email: one.address }));
    const last = auditText(served.site)
      .split('\n')
      .filter((line) => line.includes('"succeeds"'))
      .at(-1);
    expect(JSON.parse(last ?? '')).toMatchObject({ input_data: { email: one.kept } });
    const answer = await post(
      served.url,
      ...toolCall('legacy', 'masks', { email: one.address, phone: '', key: '' }),
    );
    expect(answer.messages[0]).toMatchObject({ result: { structuredContent: { email: one.released } } });
  });

  it('a mask shows the last digits of a telephone number and the ends of an API key', async () => {
    const args = { email: '', phone: '+1 (555) 123-1234', key: 'sk_live_0123456789abc123' };
    const answer = await post(served.url, ...toolCall('legacy', 'masks', args));
    expect(answer.messages[0]).toMatchObject({
      result: { structuredContent: { phone: '***-***-1234', key: 'sk_***abc123' } },
    });
  });
});
