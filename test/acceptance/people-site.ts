import { createServer, type AddressInfo } from 'node:net';
import { Browser, type FormChanges } from '../auth/issuer/browser.js';
import { type Address, allow, atClient, authorizeRequest, exchange, register } from '../auth/issuer/dance.js';
import type { TokenAnswer } from '../auth/issuer/dance.js';
import { startOidc, type OidcStandIn } from '../auth/stand-ins/oidc.js';
import { signIn } from '../auth/stand-ins/sign-in.js';
import { clientId, clientSecret, type StandInUser } from '../auth/stand-ins/stand-in.js';
import { type ServedSite, serveSite } from '../transport/open-site.js';

/** A whole server, where people sign in at a provider that is a stand-in. */
export interface PeopleSite extends ServedSite, Address {
  readonly standIn: OidcStandIn;
  /** Everything that leads a person to a token, by the real pages. */
  signedIn(username: string, asked?: string, form?: FormChanges): Promise<SignedIn>;
}

/** Somebody with a token. */
export interface SignedIn {
  readonly browser: Browser;
  readonly clientId: string;
  readonly token: string;
  readonly refreshToken: string;
  readonly answer: TokenAnswer['body'];
}

/** The tags of the guide: by function, and by sensitivity. */
export const tags = {
  read_file: ['files', 'sensitive'],
  query_orders: ['database', 'sensitive'],
  search_web: ['web', 'safe'],
  recall: ['memory', 'safe'],
} as const;

const tools = Object.fromEntries(
  Object.entries(tags).map(([name, own]) => [
    `tools/${name}.yml`,
    `mxcp: 1
tool: {name: ${name}, description: One tool., tags: [${own.join(', ')}], source: {code: SELECT '${name}' AS done}}
`,
  ]),
);

const roles = `
  developer: {scopes: ['tag:files', 'tag:database', 'tag:web', 'tag:memory']}
  analyst: {scopes: ['tag:database', 'tag:web']}
  demo: {scopes: ['tag:web']}
  admin: {includes: [developer], capabilities: ['mxcp:admin']}`;

function people(): StandInUser[] {
  const rolesOf = { dana: 'developer', alan: 'analyst', demi: 'demo', root: 'admin' };
  return Object.entries(rolesOf).map(([username, role]) => ({
    id: `id-of-${username}`,
    username,
    password: `${username}-password`,
    name: username,
    email: `${username}@acme.example`,
    emailVerified: true,
    facts: { role },
  }));
}

/** A port that nobody listens on: the server must know its own address before it listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Nobody here is one person at one address. */
const generous = 'sign_in: 1000/min, consent: 1000/min, token: 1000/min, registration: 1000/min';

interface PeopleOptions {
  /** Of `limits.rate`. */
  readonly rates?: string;
  /** Further keys of `auth`, as a flow mapping has them. */
  readonly auth?: string;
  /** Further keys of `authorization`, likewise. */
  readonly authorization?: string;
  /** Further keys of the provider, likewise. */
  readonly provider?: string;
  /** Further files of the site. */
  readonly files?: Readonly<Record<string, string>>;
}

function siteFile(
  standIn: OidcStandIn,
  port: number,
  { rates = generous, auth, authorization, provider }: PeopleOptions,
): string {
  return `mxcp: 1
project: people
profile: default
authorization:
  tags_as_scopes: true
  scoped_tags: [files, database, web, memory]
${authorization === undefined ? '' : `  ${authorization}\n`}  roles:${roles.replaceAll('\n', '\n  ')}
profiles:
  default:
    duckdb: {path: ':memory:'}
    transport: {http: {host: 127.0.0.1, port: ${port}}}
    auth:
      provider: oidc
      role_claim: role
      oidc: {name: corp, client_id: ${clientId}, client_secret: '${clientSecret}', discovery_url: '${standIn.url}'${provider === undefined ? '' : `, ${provider}`}}
${auth === undefined ? '' : `      ${auth}\n`}limits: {rate: {${rates}}}
`;
}

/** Starts both. */
export async function servePeople(options: PeopleOptions = {}): Promise<PeopleSite> {
  const standIn = await startOidc({ people: people() });
  const port = await freePort();
  const site = await serveSite(
    { 'mxcp-site.yml': siteFile(standIn, port, options), ...tools, ...options.files },
    { settings: { port } },
  );
  const address = { url: new URL(site.url).origin, mcpUrl: site.url };
  return {
    ...site,
    ...address,
    standIn,
    signedIn: (username, asked, form) => signedIn(address, standIn, username, asked, form),
    close: async () => {
      await site.close();
      await standIn.close();
    },
  };
}

/** Everything that leads a person to a token, by the real pages of any server that signs people in at the stand-in. */
export async function signedIn(
  site: Address,
  standIn: OidcStandIn,
  username: string,
  asked?: string,
  form: FormChanges = {},
): Promise<SignedIn> {
  const browser = new Browser();
  const id = await register(site);
  const attempt = authorizeRequest(site, id, { scope: asked });
  const away = (url: URL): boolean => atClient(url) || url.origin === standIn.url;
  const page = await browser.go(attempt.url, away);
  const link = /<a class="button main" href="([^"]*\/sign-in\/[^"]*)"/.exec(page.text)?.[1];
  const { location } = await browser.go(link ?? page.url, away);
  const back = await signIn(standIn, location ?? '', username);
  const answer = await allow(browser, await browser.go(back, away), form);
  const { body } = await exchange(site, id, attempt, answer);
  const { access_token: token, refresh_token: refreshToken } = body;
  if (token === undefined || refreshToken === undefined) throw new Error(JSON.stringify(body));
  return { browser, clientId: id, token, refreshToken, answer: body };
}
