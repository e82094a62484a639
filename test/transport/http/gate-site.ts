import { audience, startTokenIssuer, type TokenIssuer } from '../../auth/verify/token-issuer.js';
import { type ServedSite, serveSite } from '../open-site.js';
import { legacy, modern, modernHeaders, post, type Answer } from './post.js';

/** What a test changes about the site; everything is YAML below the key it is named after. */
export interface GateOptions {
  /** Further keys of `profiles.default.auth`. */
  readonly auth?: string;
  /** Without any way in. */
  readonly open?: true;
  /** `authorization`. */
  readonly authorization?: string;
  /** `profiles.default.limits.rate`. */
  readonly rate?: string;
  /** Fields of one more tool, `probe`. */
  readonly tool?: string;
  /** Further keys of `duckdb`. */
  readonly duckdb?: string;
  /** Further keys of `profiles.default`. */
  readonly profile?: string;
  readonly http?: Parameters<typeof serveSite>[1];
}

/** A served site that trusts one token issuer, with an endpoint for each way of needing scopes. */
export interface GateSite extends ServedSite {
  readonly issuer: TokenIssuer;
}

const authorization = `{tags_as_scopes: true, scoped_tags: [hr, pay],
  roles: {user: {scopes: ['tag:hr']}, chief: {scopes: ['tag:hr', 'tag:pay', 'notes:write']}}}`;

function tool(name: string, more: string): Record<string, string> {
  return {
    [`tools/${name}.yml`]: `mxcp: 1
tool: {name: ${name}, annotations: {readOnlyHint: true}, source: {code: SELECT '${name}' AS done}, ${more}}
`,
  };
}

function filesOf(url: string, options: GateOptions): Record<string, string> {
  const { auth = '', open, rate } = options;
  const ways = open
    ? '{provider: none, allow_anonymous: true}'
    : `{mode: verifier, issuer: '${url}', audience: ['${audience}'], jwks_uri: '${url}/jwks', role_claim: role${auth}}`;
  return {
    'mxcp-site.yml': `mxcp: 1
project: gate
profile: default
authorization: ${options.authorization ?? authorization}
profiles:
  default:
    duckdb: {path: ':memory:'${options.duckdb ?? ''}}
    auth: ${ways}
${options.profile === undefined ? '' : `    ${options.profile}\n`}${rate === undefined ? '' : `limits: {rate: ${rate}}\n`}`,
    ...tool('plain', 'tags: [web]'),
    ...tool('staff', 'tags: [hr, web]'),
    ...tool('salary', 'tags: [hr, pay]'),
    ...tool('write_note', 'scopes: [notes:write]'),
    ...(options.tool !== undefined && {
      'tools/probe.yml': `mxcp: 1\ntool: {name: probe, ${options.tool}}\n`,
    }),
    'resources/plan.yml': `mxcp: 1
resource: {uri: 'plan://{year}', tags: [hr], parameters: [{name: year, type: integer}], source: {code: SELECT $year AS year}}
`,
    'resources/budget.yml': `mxcp: 1
resource: {uri: 'plan://budget', tags: [pay], source: {code: SELECT 1 AS budget}}
`,
    'prompts/review.yml': `mxcp: 1
prompt:
  name: review
  tags: [hr]
  parameters: [{name: tone, type: string, enum: [kind, firm]}]
  messages: [{role: user, type: text, prompt: "{{ tone }}"}]
`,
  };
}

/** Starts both. */
export async function serveGate(options: GateOptions = {}): Promise<GateSite> {
  const issuer = await startTokenIssuer();
  const site = await serveSite(filesOf(issuer.url, options), options.http);
  return {
    ...site,
    issuer,
    close: async () => {
      await site.close();
      await issuer.close();
    },
  };
}

export const eras = ['modern', 'legacy'] as const;
export type Era = (typeof eras)[number];

/** Sends one request of an era with a bearer token, or with none. */
export function send(
  url: string,
  era: Era,
  method: string,
  params: Record<string, unknown> = {},
  token?: string,
): Promise<Answer> {
  const { name, uri } = params;
  const named = typeof name === 'string' ? name : typeof uri === 'string' ? uri : undefined;
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (era === 'legacy')
    return post(url, legacy(method, params), { 'mcp-protocol-version': '2025-11-25', ...bearer });
  return post(url, modern(method, params), { ...modernHeaders(method, named), ...bearer });
}

/** Names of the tools in an answer of `tools/list`. */
export function toolNames({ messages }: Answer): string[] {
  const result = messages[0]?.['result'] as { tools: { name: string }[] } | undefined;
  return (result?.tools ?? []).map(({ name }) => name).sort();
}
