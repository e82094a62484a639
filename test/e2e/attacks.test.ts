import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envelope, modernHeaders, post } from '../transport/http/post.js';
import { type Attack, attacks, endOf, methodOf, paramsOf, sqlAttacks } from './attack-cases.js';
import {
  asMallory,
  asOneText,
  attackByCommand,
  attackSite,
  commandOf,
  faultsOf,
  gateAttacks,
} from './attack-site.js';
import { leaksIn } from './leaks.js';
import { mxcp, type Program, serve, type Server, type Site, start, writeSite } from './program.js';

/** Nothing of what was planted is in what a server wrote anywhere, beside the answers, which are searched one by one. */
function expectNothingLeft(site: Site, program: Program): void {
  expect(leaksIn(program.said.stderr)).toEqual([]);
  expect(site.records().filter((record) => leaksIn(JSON.stringify(record)).length > 0)).toEqual([]);
  expect(site.records().length).toBeGreaterThan(attacks.length);
}

describe('the planted values', () => {
  let site: Site;
  beforeAll(() => {
    site = attackSite();
  });
  afterAll(() => site.remove());

  it.each([
    ['owner_rows', []],
    ['lookup', ['-p', 'name=open']],
    ['cleared', []],
    ['exotic_masked', []],
    ['prototype_columns', []],
    ['big_rows', []],
    ['execute_sql_query', ['-p', 'sql=SELECT number FROM vault']],
  ])('reach those who may see them: %s', async (tool, parameters) => {
    const ran = await mxcp(site, ['run', 'tool', tool, ...parameters, '--as', 'alice', '--json']);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    if (tool !== 'lookup') expect(leaksIn(ran.stdout)).not.toEqual([]);
  });
});

describe.each(['mallory', 'stranger'])('over HTTP, %s', (person) => {
  let site: Site;
  let server: Server;
  beforeAll(async () => {
    site = attackSite();
    server = await serve(site, person === 'stranger' ? [] : ['--as', person]);
  });
  afterAll(() => site.remove());

  async function send(attack: Attack, era: 'modern' | 'legacy'): Promise<string[]> {
    const method = methodOf(attack);
    const params = paramsOf(attack, era === 'modern' ? envelope : undefined);
    const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;
    const headers =
      era === 'modern' ? modernHeaders(method, attack.name) : { 'mcp-protocol-version': '2025-11-25' };
    const answer = await post(server.url, body, headers);
    const said = JSON.stringify([...answer.headers]) + answer.text;
    const [message] = answer.messages;
    return faultsOf(person, attack, message === undefined ? `http ${answer.status}` : endOf(message), said);
  }

  it.each(['modern', 'legacy'] as const)('gets nothing out with any payload (%s)', async (era) => {
    const faults: string[] = [];
    for (const attack of [...attacks, ...sqlAttacks]) faults.push(...(await send(attack, era)));
    expect(faults).toEqual([]);
  });

  it.each([
    ['100 MB of arguments', () => `{"level":"${'9'.repeat(100_000_000)}"}`, 413],
    ['arguments nested 100,000 deep', () => `{"level":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400],
    ['arguments nested 60 deep', () => `{"level":${'['.repeat(57)}${']'.repeat(57)}}`, 200],
    ['a key twice', () => '{"level":0,"level":6}', 400],
    ['a prototype', () => '{"__proto__":{"level":0},"level":6}', 400],
    [
      '100,000 unknown names',
      () => JSON.stringify(Object.fromEntries([...Array(100_000).keys()].map((i) => [`k${i}`, 1]))),
      200,
    ],
  ])('refuses %s at little cost', async (_name, args, status) => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"numbers","arguments":${args()}}}`;
    const answer = await post(server.url, body, { 'mcp-protocol-version': '2025-11-25' }).catch(
      (error: unknown) => ({ status: 413, text: String(error), messages: [] }),
    );
    expect(answer.status).toBe(status);
    expect(leaksIn(answer.text)).toEqual([]);
    if (status === 200) expect(answer.messages.map(endOf)).toEqual(['CALL_INVALID_ARGUMENTS']);
    expect(answer.text.length).toBeLessThan(100_000);
  });

  it('refuses bytes that are no text', async () => {
    const before = Buffer.from(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"lookup","arguments":{"name":"secret',
    );
    const answer = await post(
      server.url,
      Buffer.concat([before, Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('"}}}')]),
    );
    expect(answer.status).toBe(400);
    expect(leaksIn(answer.text)).toEqual([]);
  });

  it('completes nothing from sensitive parameters or endpoints that it may not call', async () => {
    for (const ref of ['{"type":"ref/resource","uri":"pin://{pin}"}', '{"type":"ref/prompt","name":"say"}']) {
      const body = `{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":${ref},"argument":{"name":"pin","value":"LEAK-9c1f"}}}`;
      const answer = await post(server.url, body, { 'mcp-protocol-version': '2025-11-25' });
      expect(leaksIn(answer.text)).toEqual([]);
    }
  });

  it('leaves nothing in the log of the server or in the audit log', async () => {
    expect(await server.stop()).toBe(0);
    expectNothingLeft(site, server);
  });
});

describe('over stdio, mallory', () => {
  let site: Site;
  let program: Program;
  const answers = new Map<number, (line: string) => void>();
  beforeAll(() => {
    site = attackSite();
    program = start(site, ['serve', '--transport', 'stdio', '--as', 'mallory']);
    let rest = '';
    program.child.stdout.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) answers.get((JSON.parse(line) as { id: number | null }).id ?? last)?.(line);
    });
  });
  afterAll(() => site.remove());

  let last = 0;
  async function ask(method: string, params: string): Promise<string> {
    last += 1;
    const id = last;
    const answer = new Promise<string>((resolve) => answers.set(id, resolve));
    program.child.stdin.write(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n`);
    return answer;
  }

  it('gets nothing out with any payload', async () => {
    const client = '"clientInfo":{"name":"mallory","version":"1"}';
    await ask('initialize', `{"protocolVersion":"2025-11-25","capabilities":{},${client}}`);
    const faults: string[] = [];
    for (const attack of [...attacks, ...sqlAttacks]) {
      const line = await ask(methodOf(attack), paramsOf(attack));
      faults.push(...faultsOf('mallory', attack, endOf(JSON.parse(line)), line));
    }
    expect(faults).toEqual([]);
  });

  it('is refused 100 MB in one message, and served after it', async () => {
    const line = await ask(
      'tools/call',
      `{"name":"numbers","arguments":{"level":"${'9'.repeat(100_000_000)}"}}`,
    );
    expect(endOf(JSON.parse(line))).toBe('refused');
    expect(endOf(JSON.parse(await ask('tools/call', '{"name":"numbers","arguments":{}}')))).toBe('success');
  });

  it('leaves nothing in the log of the server or in the audit log', async () => {
    program.child.stdin.end();
    expect(await program.ended).toBe(0);
    expectNothingLeft(site, program);
  });
});

// A call of the command line opens the site anew, so not all payloads take part here; in test/faults all do.
const everySecond = attacks.filter((_, i) => i % 2 === 0);
const everySeventh = sqlAttacks.filter((_, i) => i % 7 === 0);

describe.each([
  ['mallory', asMallory, [...everySecond, ...everySeventh]],
  ['somebody whose permissions are one text', asOneText, gateAttacks],
])('on the command line, %s', (_name, who, chosen) => {
  let site: Site;
  beforeAll(() => {
    site = attackSite();
  });
  afterAll(() => site.remove());

  it('gets nothing out with any payload', { timeout: 300_000 }, async () => {
    expect(await attackByCommand(site, who, chosen)).toEqual([]);
    expect(leaksIn(site.auditText())).toEqual([]);
  });

  it('gets nothing out of the built program either', { timeout: 300_000 }, async () => {
    for (const attack of chosen.filter((_, i) => i % 30 === 0)) {
      const { code, stdout, stderr } = await mxcp(site, commandOf(site, who, attack));
      expect([0, 1, 2]).toContain(code);
      expect(leaksIn(stdout + stderr), attack.title).toEqual([]);
    }
  });
});

/** Files that make a site read what it must not, or never end. */
const siteFile = 'mxcp: 1\nproject: p\nprofile: default\nprofiles: {default: {duckdb: {path: ":memory:"}}}\n';
const tool = (name: string, source: string): string =>
  `mxcp: 1\ntool:\n  name: ${name}\n  description: A tool.\n  return: {type: array, items: {type: object}}\n  source: ${source}\n`;
const bomb = [
  'mxcp: 1',
  'metadata:',
  '  a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...Array.from(
    'bcdefghij',
    (name, i) =>
      `  ${name}: &${name} [${Array(10)
        .fill(`*${'abcdefghij'[i] ?? ''}`)
        .join(', ')}]`,
  ),
  'tool: {name: bomb, description: Boom., source: {code: SELECT 1}}',
].join('\n');

describe('a site whose files attack its operator', () => {
  it('does not load, and its problems quote nothing from outside', async () => {
    const site = writeSite({
      'mxcp-site.yml': siteFile,
      'tools/above.yml': tool('above', '{file: ../../outside.sql}'),
      'tools/linked.yml': tool('linked', '{file: link.sql}'),
      'tools/absolute.yml': tool('absolute', '{file: /../outside.sql}'),
      'tools/bomb.yml': bomb,
      'prompts/include.yml':
        'mxcp: 1\nprompt:\n  name: include\n  description: Includes.\n  messages: [{role: user, prompt: "{% include \'/etc/passwd\' %}"}]\n',
    });
    writeFileSync(join(site.base, 'outside.sql'), "SELECT 'LEAK-9c1f-outside' AS secret FROM nowhere");
    symlinkSync(join(site.base, 'outside.sql'), join(site.root, 'tools', 'link.sql'));
    const { code, stdout, stderr } = await mxcp(site, ['validate', '--json'], 20_000);
    expect(code).toBe(3);
    expect(leaksIn(stdout + stderr)).toEqual([]);
    for (const name of ['above', 'linked', 'absolute', 'bomb', 'include'])
      expect(stdout + stderr, name).toContain(`${name}.yml`);
    expect(stdout.split('repeat too much').length - 1, 'one problem for the bomb').toBe(1);
    const served = await mxcp(site, ['serve', '--port', '0'], 20_000);
    expect(served.code).toBe(3);
    site.remove();
  });
});
