import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { argumentsOf } from '../e2e/example-calls.js';
import { as, everybody } from '../e2e/people.js';
import { copySite, launcher, serve, type Server, type Site } from '../e2e/program.js';

const inspector = [
  '-y',
  '-p',
  'node@22',
  '-p',
  '@modelcontextprotocol/inspector@2.12.0',
  'mcp-inspector',
  '--cli',
];

interface Inspected {
  readonly tools: readonly { readonly name: string }[];
  readonly resources: readonly { readonly uri: string }[];
  readonly resourceTemplates: readonly { readonly uriTemplate: string }[];
  readonly prompts: readonly { readonly name: string }[];
  readonly contents: readonly object[];
  readonly messages: readonly object[];
  readonly isError?: boolean;
  readonly _meta?: { readonly code?: string };
}

/** Asks the official inspector for one thing. */
async function inspect(site: Site, target: readonly string[], args: readonly string[]): Promise<Inspected> {
  const child = spawn('npx', [...inspector, ...args, '--format', 'json', ...target], { cwd: site.root });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (said.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (said.stderr += part.toString()));
  child.stdin.end();
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (said.stdout.trim() === '')
    throw new Error(`${args.join(' ')}: the inspector ended with ${code}\n${said.stderr}`);
  return (JSON.parse(said.stdout) as { result: Inspected }).result;
}

const more: Readonly<Record<string, object[]>> = { get_table_schema: [{ table_name: 'orders' }] };

/** Lists everything, and uses everything that is listed until one call succeeds. */
async function useEverything(site: Site, target: readonly string[]): Promise<number> {
  const ask = (...args: string[]): Promise<Inspected> => inspect(site, target, args);
  let used = 0;
  for (const { name } of (await ask('--method', 'tools/list')).tools) {
    let succeeded = false;
    for (const args of more[name] ?? argumentsOf('tool', name)) {
      const answer = await ask(
        '--method',
        'tools/call',
        '--tool-name',
        name,
        '--tool-args-json',
        JSON.stringify(args),
      );
      succeeded = answer.isError !== true;
      if (succeeded) break;
    }
    expect(succeeded, name).toBe(true);
    used += 1;
  }
  const { resources } = await ask('--method', 'resources/list');
  const { resourceTemplates } = await ask('--method', 'resources/templates/list');
  const concrete = resourceTemplates.map(({ uriTemplate }) =>
    uriTemplate.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
      String(argumentsOf('resource', uriTemplate)[0]?.[key]),
    ),
  );
  for (const uri of [...resources.map((one) => one.uri), ...concrete]) {
    expect((await ask('--method', 'resources/read', '--uri', uri)).contents.length, uri).toBe(1);
    used += 1;
  }
  for (const { name } of (await ask('--method', 'prompts/list')).prompts) {
    const [args = {}] = argumentsOf('prompt', name);
    const pairs = Object.entries(args).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    const answer = await ask('--method', 'prompts/get', '--prompt-name', name, '--prompt-args', ...pairs);
    expect(answer.messages.length, name).toBeGreaterThan(0);
    used += 1;
  }
  return used;
}

describe.each(everybody)('the official inspector as %s (%s)', (person) => {
  let site: Site;
  let server: Server;
  beforeAll(async () => {
    site = copySite('examples/site');
    server = await serve(site, as(person));
  });
  afterAll(async () => {
    await server.stop();
    site.remove();
  });

  it.each(['modern', 'legacy'])('lists and uses everything over HTTP (%s)', async (era) => {
    expect(
      await useEverything(site, [server.url, '--transport', 'http', '--protocol-era', era]),
    ).toBeGreaterThan(2);
  });

  it('lists and uses everything over stdio', async () => {
    const environment = ['-e', `HOME=${site.env['HOME'] ?? ''}`];
    const command = [
      process.execPath,
      launcher,
      'serve',
      '--transport',
      'stdio',
      '--site',
      site.root,
      ...as(person),
    ];
    expect(
      await useEverything(site, [...environment, '--transport', 'stdio', '--', ...command]),
    ).toBeGreaterThan(2);
  });
});
