import { startOidc, type OidcStandIn } from '../auth/stand-ins/oidc.js';
import { clientId, clientSecret, type StandInUser } from '../auth/stand-ins/stand-in.js';
import type { Address } from '../auth/issuer/dance.js';
import { startRedis, type RedisServer } from '../auth/store/redis-server.js';
import { serve, writeSite, type Server, type Site } from '../e2e/program.js';
import { startBalancer, type Balancer } from './balancer.js';

/** One process of the program, with files and an audit log of its own. */
export interface Replica {
  readonly site: Site;
  readonly server: Server;
  readonly origin: string;
}

/** Replicas of one site behind a balancer, with one Redis, and a provider where people sign in. */
export interface Fleet extends Address {
  readonly redis: RedisServer;
  readonly standIn: OidcStandIn;
  readonly balancer: Balancer;
  readonly replicas: Replica[];
  /** What every replica has. */
  readonly files: Readonly<Record<string, string>>;
  /** Starts another replica and lets the balancer know. */
  readonly grow: () => Promise<Replica>;
  readonly close: () => Promise<void>;
}

const secretKey = 'one secret for all the replicas';

const tools = {
  'tools/orders.yml': `mxcp: 1
tool: {name: orders, description: Orders., tags: [orders], return: {type: integer}, source: {code: SELECT 120}}
`,
  'tools/greeting.yml': `mxcp: 1
tool: {name: greeting, description: A greeting., return: {type: string}, source: {code: SELECT get_username()}}
`,
  'tools/wait.yml': `mxcp: 1
tool: {name: wait, description: Takes its time., return: {type: integer}, source: {file: /typescript/wait.ts}}
`,
  'typescript/wait.ts': `import { setTimeout } from 'node:timers/promises';
export default (_args, ctx) => {
  ctx.log.info('waits from here on');
  return setTimeout(20_000, 1);
};
`,
  'tools/refund.yml': `mxcp: 1
tool:
  name: refund
  description: Refunds after asking.
  parameters: [{ name: order, type: integer }]
  return: { type: object, properties: { refunded: { type: boolean } } }
  annotations: { readOnlyHint: false }
  source: { file: /typescript/refund.ts }
`,
  'typescript/refund.ts': `export default async ({ order }, ctx) => {
  const form = { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] };
  const answer = await ctx.elicit('sure', form, \`Refund order \${order}?\`);
  return { refunded: answer.action === 'accept' && answer.content.sure };
};
`,
};

function siteFile(baseUrl: string, standIn: OidcStandIn, redis: RedisServer): string {
  return `mxcp: 1
project: fleet
profile: default
authorization:
  tags_as_scopes: true
  scoped_tags: [orders]
  roles: { clerk: { scopes: ['tag:orders'] }, analyst: {} }
limits:
  rate:
    per_user: { rate: 60/min, burst: 30 }
    sign_in: 1000/min
    consent: 1000/min
    token: 1000/min
    registration: 1000/min
profiles:
  default:
    duckdb: { path: ':memory:' }
    transport: { http: { host: 127.0.0.1, base_url: '${baseUrl}', trust_proxy: [127.0.0.1] } }
    auth:
      api_keys: true
      provider: oidc
      role_claim: role
      oidc: { name: corp, client_id: ${clientId}, client_secret: '${clientSecret}', discovery_url: '${standIn.url}' }
      persistence: { type: redis, url: '${redis.url}' }
`;
}

function people(): StandInUser[] {
  return ['ada', 'ben', 'cleo', 'dora', 'emil', 'fay', 'gus'].map((username) => ({
    id: `id-of-${username}`,
    username,
    password: `${username}-password`,
    name: username,
    email: `${username}@acme.example`,
    emailVerified: true,
    facts: { role: 'clerk' },
  }));
}

/** Starts everything, with two replicas. */
export async function startFleet(): Promise<Fleet> {
  const [redis, standIn, balancer] = await Promise.all([
    startRedis(),
    startOidc({ people: people() }),
    startBalancer(),
  ]);
  const files = { 'mxcp-site.yml': siteFile(balancer.url, standIn, redis), ...tools };
  const replicas: Replica[] = [];
  const grow = async (): Promise<Replica> => {
    const site = writeSite(files, { MXCP_SECRET_KEY: secretKey });
    const server = await serve(site, [], { lifeMs: 600_000 });
    const replica = { site, server, origin: new URL(server.url).origin };
    replicas.push(replica);
    balancer.backends = replicas.map(({ origin }) => origin);
    return replica;
  };
  const close = async (): Promise<void> => {
    for (const { server, site } of replicas) {
      await server.stop();
      site.remove();
    }
    await balancer.close();
    await standIn.close();
    await redis.stop();
  };
  try {
    await grow();
    await grow();
  } catch (error) {
    await close(); // else Redis would go on
    throw error;
  }
  const { url } = balancer;
  return { url, mcpUrl: `${url}/mcp`, redis, standIn, balancer, replicas, files, grow, close };
}
