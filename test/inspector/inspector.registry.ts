import { execFileSync, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapConcurrently } from '../../src/lib/map-concurrently.js';
import { argumentsOf, possibleEnds } from '../e2e/example-calls.js';
import { as, everybody, type Person } from '../e2e/people.js';
import { copySite, launcher, serve, type Server, type Site } from '../e2e/program.js';

/** Where npx has put the inspector and the Node that it needs: asked for once, because npx itself takes seconds. */
const packages = ['-y', '-p', 'node@22', '-p', '@modelcontextprotocol/inspector@2.12.0'];
const found = execFileSync('npx', [...packages, '-c', 'which node mcp-inspector'], { encoding: 'utf8' });
/** A shared machine may need its time. */
const common = ['--format', 'json', '--connect-timeout', '120000'];
const [node22 = '', program = ''] = found.trim().split('\n');

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
  const child = spawn(node22, [program, '--cli', ...args, ...common, ...target], { cwd: site.root });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (said.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (said.stderr += part.toString()));
  child.stdin.end();
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (said.stdout.trim() === '')
    throw new Error(`${args.join(' ')}: the inspector ended with ${code}\n${said.stderr}`);
  return (JSON.parse(said.stdout) as { result: Inspected }).result;
}

const more: Readonly<Record<string, Record<string, unknown>[]>> = {
  get_table_schema: [{ table_name: 'orders' }],
};

/** What this person can call it with: what the example's author says of this person comes first. */
function callsOf(name: string, person: Person): Record<string, unknown>[] {
  const says = (args: Record<string, unknown>): number =>
    possibleEnds('tool', name, args, person).join() === 'success' ? 0 : 1;
  return more[name] ?? argumentsOf('tool', name).sort((a, b) => says(a) - says(b));
}

type Ask = (...args: string[]) => Promise<Inspected>;

/** How a call ended, in one word. The inspector tells an error of the protocol, such as of a body that has to ask, as its own. */
async function endOf(call: Promise<Inspected>): Promise<string> {
  try {
    const { isError, _meta } = await call;
    return isError === true ? (_meta?.code ?? '') : 'success';
  } catch (error) {
    if (String(error).includes('The call has to ask you something')) return 'ELICIT_UNAVAILABLE';
    throw error;
  }
}

/** As the example's author says of clients that cannot be asked; over stdio the inspector can, and declines. */
function endsFor(name: string, args: Record<string, unknown>, person: Person): readonly string[] {
  const ends = possibleEnds('tool', name, args, person);
  return ends.includes('ELICIT_UNAVAILABLE') ? [...ends, 'success'] : ends;
}

async function useTool(ask: Ask, name: string, person: Person): Promise<void> {
  const ends: string[] = [];
  for (const args of callsOf(name, person)) {
    const named = ['--tool-name', name, '--tool-args-json', JSON.stringify(args)];
    const end = await endOf(ask('--method', 'tools/call', ...named));
    ends.push(end);
    if (end !== 'POLICY_DENIED' && endsFor(name, args, person).includes(end)) return;
  }
  throw new Error(`${name} cannot be called by ${person}: ${ends.join(', ')}`);
}

async function readResource(ask: Ask, uri: string): Promise<void> {
  expect((await ask('--method', 'resources/read', '--uri', uri)).contents.length, uri).toBe(1);
}

async function getPrompt(ask: Ask, name: string): Promise<void> {
  const [args = {}] = argumentsOf('prompt', name);
  const pairs = Object.entries(args).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const named = ['--prompt-name', name, '--prompt-args', ...pairs];
  expect((await ask('--method', 'prompts/get', ...named)).messages.length, name).toBeGreaterThan(0);
}

/** Lists everything and uses everything that is listed, two at a time; gives the number of things used. */
async function useEverything(site: Site, person: Person, target: readonly string[]): Promise<number> {
  const ask: Ask = (...args) => inspect(site, target, args);
  const list = (method: string): Promise<Inspected> => ask('--method', method);
  const methods = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'];
  const [tools, resources, templates, prompts] = await mapConcurrently(methods, 2, list);
  const concrete = (templates?.resourceTemplates ?? []).map(({ uriTemplate }) =>
    uriTemplate.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
      String(argumentsOf('resource', uriTemplate)[0]?.[key]),
    ),
  );
  const uris = [...(resources?.resources ?? []).map(({ uri }) => uri), ...concrete];
  const uses = [
    ...(tools?.tools ?? []).map(
      ({ name }) =>
        () =>
          useTool(ask, name, person),
    ),
    ...uris.map((uri) => () => readResource(ask, uri)),
    ...(prompts?.prompts ?? []).map(
      ({ name }) =>
        () =>
          getPrompt(ask, name),
    ),
  ];
  await mapConcurrently(uses, 2, (use) => use());
  return uses.length;
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

  it('lists and uses everything over HTTP', async () => {
    const target = (era: string): string[] => [server.url, '--transport', 'http', '--protocol-era', era];
    expect(await useEverything(site, person, target('modern'))).toBeGreaterThan(2);
    if (person === 'astrid') expect(await useEverything(site, person, target('legacy'))).toBeGreaterThan(2);
  });

  it('lists and uses everything over stdio', async () => {
    const environment = ['-e', `HOME=${site.env['HOME'] ?? ''}`];
    const served = [launcher, 'serve', '--transport', 'stdio', '--site', site.root, ...as(person)];
    const target = [...environment, '--transport', 'stdio', '--', process.execPath, ...served];
    expect(await useEverything(site, person, target)).toBeGreaterThan(2);
  });
});
