import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GateSite, serveGate, toolNames } from '../transport/http/gate-site.js';
import { type Answer, legacy, post } from '../transport/http/post.js';

interface Layers {
  readonly auth: boolean;
  readonly scopes: boolean;
  readonly limits: boolean;
}

const onOff = [true, false];
const words = (on: boolean): string => (on ? 'on' : 'off');
const combinations = onOff.flatMap((auth) =>
  onOff.flatMap((scopes) =>
    onOff.map((limits): [string, Layers] => [
      `sign-in ${words(auth)}, scopes ${words(scopes)}, limits ${words(limits)}`,
      { auth, scopes, limits },
    ]),
  ),
);

const unlimited = ['global', 'per_user', 'per_client', 'per_key'].map((tier) => `${tier}: 'off'`).join(', ');

function open({ auth, scopes, limits }: Layers): Promise<GateSite> {
  return serveGate({
    ...(!auth && { open: true as const }),
    authorization: scopes
      ? `{tags_as_scopes: true, scoped_tags: [hr, pay]${auth ? '' : ', anonymous_scopes: []'}}`
      : '{tags_as_scopes: false}',
    rate: limits ? '{per_user: {rate: 1/min, burst: 4}}' : `{${unlimited}}`,
  });
}

/** One request, for the list where no tool is named. */
function ask(
  { url }: GateSite,
  { tool, token, via, query = '' }: { tool?: string; token?: string; via?: string; query?: string },
): Promise<Answer> {
  const body = tool === undefined ? legacy('tools/list') : legacy('tools/call', { name: tool });
  return post(url + query, body, {
    'mcp-protocol-version': '2025-11-25',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(via !== undefined && { via }),
  });
}

const isDone = (tool: string, { status, text }: Answer): boolean =>
  status === 200 && text.includes(`\\"done\\":\\"${tool}\\"`);

describe.each(combinations)('%s', (_name, layers) => {
  let site: GateSite;
  beforeAll(async () => {
    site = await open(layers);
  });
  afterAll(() => site.close());

  /** What somebody sends who may call. */
  const credential = async (sub: string): Promise<{ token?: string }> =>
    layers.auth ? { token: await site.issuer.sign({ sub, scope: '' }) } : {};

  it('knows who is calling, or takes nobody for somebody', async () => {
    const token = await site.issuer.sign({ scope: '' });
    const withIt = await ask(site, { tool: 'plain', token });
    const without = await ask(site, { tool: 'plain' });
    expect([isDone('plain', withIt), isDone('plain', without)]).toEqual([layers.auth, !layers.auth]);
    expect([withIt.status, without.status]).toEqual(layers.auth ? [200, 401] : [401, 200]);
  });

  it('asks for scopes, or not', async () => {
    const who = await credential('bob');
    const staff = await ask(site, { tool: 'staff', ...who });
    expect(isDone('staff', staff)).toBe(!layers.scopes);
    expect(toolNames(await ask(site, who)).includes('staff')).toBe(!layers.scopes);
    if (layers.scopes && layers.auth) expect(staff.status).toBe(403);
    expect(isDone('plain', await ask(site, { tool: 'plain', ...who }))).toBe(true);
  });

  it('lets a caller narrow to tags, and never widen', async () => {
    const who = await credential('tim');
    const all = toolNames(await ask(site, who));
    const web = ['plain', 'staff'].filter((name) => all.includes(name));
    expect(toolNames(await ask(site, { ...who, query: '?tags=web' }))).toEqual(web);
    for (const query of ['?tags=*', '?tags=-web', '?tags=', '?tags=other'])
      expect(toolNames(await ask(site, { ...who, query }))).toEqual([]);
  });

  it('counts calls, or not', async () => {
    const who = await credential('eve');
    const statuses: number[] = [];
    // Callers at this machine who need no credential are not counted: these come through a proxy.
    for (let i = 0; i < 6; i += 1)
      statuses.push((await ask(site, { tool: 'plain', ...who, via: '1.1 proxy' })).status);
    expect(statuses).toEqual(layers.limits ? [200, 200, 200, 200, 429, 429] : Array(6).fill(200));
  });
});
