import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toolCall } from '../transport/http/post.js';
import { openSite, type OpenSite } from '../transport/open-site.js';
import { type HttpServer, serveHttp } from '../../src/transport/serve-http.js';

const calls = Number(process.env['MXCP_TEST_CALLS'] ?? 10_000);
const people = ['ada', 'bob'] as const;
type Person = (typeof people)[number];

function tool(name: string, code: string, more = ''): string {
  return `
mxcp: 1
tool:
  name: ${name}
  description: A tool.
  parameters: [{name: x, type: string}]
  return: {type: object}
  source: {code: "${code}"}
${more}`;
}

const denyOdd = `
  policies: {output: [{id: odd, condition: "x.endsWith('1') || x.endsWith('3')", action: deny}]}
`;

const files = {
  'mxcp-site.yml': `
mxcp: 1
project: isolation
profile: default
profiles:
  default:
    duckdb: {path: ':memory:', pool: 8, init: "CREATE TABLE notes (owner VARCHAR, x VARCHAR)"}
    audit: {reserve: 1MiB}
users:
  ada: {user_id: '1', username: ada, email: ada@isolation.example, role: left, claims: {team: team-ada}}
  bob: {user_id: '2', username: bob, email: bob@isolation.example, role: right, claims: {team: team-bob}}
`,
  'tools/who.yml': tool(
    'who',
    "SELECT get_username() AS who, get_user_email() AS email, get_user_role() AS role, get_user_claim('team') AS team, get_request_header('x-tag') AS tag, $x AS x",
  ),
  'tools/variable.yml': tool(
    'variable',
    "SET VARIABLE mine = $x; SELECT get_username() AS who, getvariable('mine') AS x",
  ),
  'tools/peek_variable.yml': tool(
    'peek_variable',
    "SELECT get_username() AS who, getvariable('mine') AS seen, $x AS x",
  ),
  'tools/setting.yml': tool(
    'setting',
    "SET TimeZone = 'Asia/Tokyo'; SELECT get_username() AS who, current_setting('TimeZone') AS zone, $x AS x",
  ),
  'tools/peek_setting.yml': tool(
    'peek_setting',
    "SELECT get_username() AS who, current_setting('TimeZone') AS zone, $x AS x",
  ),
  'tools/temporary.yml': tool(
    'temporary',
    'CREATE TEMP TABLE mine AS SELECT $x AS x; SELECT get_username() AS who, x FROM mine',
  ),
  'tools/peek_temporary.yml': tool(
    'peek_temporary',
    'SELECT get_username() AS who, (SELECT count(*) FROM duckdb_tables() WHERE temporary) AS n, $x AS x',
  ),
  'tools/note.yml': tool(
    'note',
    'INSERT INTO notes VALUES (get_username(), $x); SELECT get_username() AS who, $x AS x, (SELECT count(*) FROM notes n WHERE n.x = $x) AS n',
    denyOdd,
  ),
  'tools/foreign.yml': tool(
    'foreign',
    "SELECT get_username() AS who, (SELECT count(*) FROM notes WHERE x LIKE '%1' OR x LIKE '%3') AS uncommitted, $x AS x",
  ),
  'tools/fails.yml': tool('fails', 'SELECT get_username() AS who, CAST($x AS INTEGER) AS x'),
} satisfies Record<string, string>;

const names = Object.keys(files).flatMap((file) => /^tools\/(.*)\.yml$/.exec(file)?.[1] ?? []);

/** What this person must see, and nothing else. */
function expected(name: string, who: Person, x: string): object | string {
  const all: Record<string, object | string> = {
    who: {
      who,
      email: `${who}@isolation.example`,
      role: who === 'ada' ? 'left' : 'right',
      team: `team-${who}`,
      tag: `tag-${x}`,
      x,
    },
    variable: { who, x },
    peek_variable: { who, seen: null, x },
    setting: { who, zone: 'Asia/Tokyo', x },
    peek_setting: { who, zone: 'UTC', x },
    temporary: { who, x },
    peek_temporary: { who, n: 0, x },
    note: /[13]$/.test(x) ? 'POLICY_DENIED' : { who, x, n: 1 },
    foreign: { who, uncommitted: 0, x },
    fails: 'EXECUTE_FAILED',
  };
  return all[name] ?? 'no such tool';
}

interface Answer {
  readonly result: { readonly structuredContent?: object; readonly _meta: { readonly code?: string } };
}

function send(url: string, agent: Agent, name: string, x: string): Promise<object | string> {
  const [body, headers] = toolCall('modern', name, { x });
  const all = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
    'x-tag': `tag-${x}`,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: all }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        const { result } = JSON.parse(text) as Answer;
        resolve(result.structuredContent ?? result._meta.code ?? text);
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe(`${calls} mixed calls of two callers of one runtime`, () => {
  let site: OpenSite;
  const servers = new Map<Person, HttpServer>();
  beforeAll(async () => {
    site = await openSite({ ...files });
    const { project } = site.runtime;
    for (const person of people) {
      const persona = project.users[person];
      if (!persona) throw new Error(person);
      const settings = { ...project.transport.http, host: '127.0.0.1', port: 0 };
      servers.set(
        person,
        await serveHttp({ runtime: () => site.runtime, logger: site.logger, settings, persona }),
      );
    }
  });
  afterAll(async () => {
    for (const server of servers.values()) await server.close(0);
    await site.close();
  });

  async function mix(connections: number, count: number, offset: number): Promise<string[]> {
    const faults: string[] = [];
    const lane = async (from: number): Promise<void> => {
      const agents = new Map(people.map((person) => [person, new Agent({ keepAlive: true, maxSockets: 1 })]));
      for (let i = from; i < count; i += connections) {
        const person = people[i % 2] ?? 'ada';
        const name = names[Math.floor(i / 2) % names.length] ?? '';
        const x = `x-${offset + i}`;
        const agent = agents.get(person);
        const url = servers.get(person)?.url ?? '';
        const seen = agent && JSON.stringify(await send(url, agent, name, x));
        const wanted = JSON.stringify(expected(name, person, x));
        if (seen !== wanted) faults.push(`${person} ${name} ${x}: ${seen ?? 'nothing'} instead of ${wanted}`);
      }
      for (const agent of agents.values()) agent.destroy();
    };
    // An odd step would give each lane one person only.
    await Promise.all(Array.from({ length: connections }, (_, i) => lane(i)));
    return faults;
  }

  it('never mix, one after the other over one connection each', async () => {
    expect(await mix(1, calls / 2, 0)).toEqual([]);
  });

  it('never mix, over many connections at once', async () => {
    expect(await mix(15, calls / 2, calls)).toEqual([]);
  });

  it('are recorded as who they were', () => {
    const records = site
      .records()
      .filter((record) => record['operation_type'] === 'tool' && record['operation_status'] !== 'started');
    expect(records.length).toBe(calls);
    expect(records.filter((record) => record['username'] === 'ada').length).toBe(calls / 2);
  });
});
