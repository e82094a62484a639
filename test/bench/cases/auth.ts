import { performance } from 'node:perf_hooks';
import { createKey } from '../../../src/auth/keys/manage-keys.js';
import { openStore } from '../../../src/auth/store/open-store.js';
import { admit } from '../../../src/engine/admit.js';
import { call } from '../../../src/engine/pipeline.js';
import type { Runtime } from '../../../src/engine/runtime.js';
import type { RequestContext } from '../../../src/model/call.js';
import { audience, introspectionClient, startTokenIssuer } from '../../auth/verify/token-issuer.js';
import { median, millis, percentile, type Row } from '../measure.js';
import { benchSecret, openBenchSite } from '../open-bench-site.js';

const tool = `mxcp: 1
tool: {name: one, annotations: {readOnlyHint: true}, return: {type: integer}, source: {code: SELECT 1}}
`;

/** The counts of limits are part of what a known caller costs, so they are on, and wide. */
const wide = '{rate: 6000000/min, burst: 1000000}';

function siteWith(auth: string): Record<string, string> {
  return {
    'mxcp-site.yml': `mxcp: 1
project: bench-auth
profile: default
limits: {rate: {global: ${wide}, per_user: ${wide}, per_client: ${wide}, per_key: ${wide}}}
profiles: {default: {duckdb: {path: ":memory:", threads: 1}, auth: ${auth}}}
`,
    'tools/one.yml': tool,
  };
}

const context: RequestContext = { transport: 'http', ip: '127.0.0.1', id: 'bench', time: 0, headers: {} };

/** Latencies of admitted calls one after the other, for `ms` milliseconds. */
async function latencies(runtime: Runtime, credential: string | undefined, ms: number): Promise<number[]> {
  const headers = credential === undefined ? {} : { authorization: [`Bearer ${credential}`] };
  const taken: number[] = [];
  const end = performance.now() + ms;
  for (let start = performance.now(); start < end; start = performance.now()) {
    const caller = await admit(runtime, { headers, queryNames: [] }, context);
    const outcome = await call(runtime, { kind: 'tool', name: 'one', arguments: {}, caller, context });
    if (outcome.status !== 'success') throw new Error(outcome.error.code);
    taken.push(performance.now() - start);
  }
  return taken;
}

const rounds = 5;

async function added(
  name: string,
  open: Runtime,
  site: Runtime,
  credential: string,
  ms: number,
): Promise<Row> {
  const [with_, without]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const pair = [await latencies(site, credential, ms), await latencies(open, undefined, ms)] as const;
    if (round === 0) continue; // warming up
    with_.push(percentile(pair[0], 0.5));
    without.push(percentile(pair[1], 0.5));
  }
  const [ours, floor] = [median(with_), median(without)];
  return {
    case: `${name}, added p50 ${millis(ours - floor)}`,
    ours: `p50 ${millis(ours)}`,
    floor: `p50 ${millis(floor)} without authentication`,
    ratio: ours / floor,
    target: 'added p50 ≤ 0.15 ms',
  };
}

async function makeKey(site: Runtime): Promise<string> {
  const { auth, name: project } = site.project;
  const store = await openStore({
    settings: auth.persistence,
    project,
    secret: benchSecret,
    previousSecrets: [],
  });
  const { text } = await createKey(store, {
    name: 'bench',
    roles: [],
    scopes: [],
    expiresAt: Date.now() + 3_600_000,
  });
  await store.close();
  return text;
}

/** What a credential adds to a call, its verified result taken from memory as long as it may be: in this process. */
export async function authCases(ms: number): Promise<Row[]> {
  const issuer = await startTokenIssuer();
  const { clientId, clientSecret } = introspectionClient;
  const asked = `{url: '${issuer.url}/introspect', client_id: '${clientId}', client_secret: '${clientSecret}'}`;
  const verifier = `mode: verifier, issuer: '${issuer.url}', audience: ['${audience}'], jwks_uri: '${issuer.url}/jwks'`;
  const open = await openBenchSite(siteWith('{provider: none}'));
  const site = await openBenchSite(siteWith(`{${verifier}, introspection: ${asked}, api_keys: true}`));
  issuer.opaque.set('opaque', { active: true, sub: 'ada', aud: audience });
  const rows = [
    await added('JWT', open, site, await issuer.sign({ exp: Math.floor(Date.now() / 1000) + 3_600 }), ms / 3),
    await added('opaque token, asked once a second', open, site, 'opaque', ms / 3),
    await added('API key', open, site, await makeKey(site), ms / 3),
  ];
  await Promise.all([open.close(), site.close()]);
  await issuer.close();
  return rows;
}
