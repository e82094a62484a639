import type { Problem } from '../errors.js';
import type { JsonObject } from '../model/json.js';
import type { Persona } from '../model/caller.js';
import type { Endpoint, Limits } from '../model/endpoint.js';
import type { BrokenEndpoint, PolicySettings, Project } from '../model/project.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { buildAuthorization } from './authorization.js';
import { buildBuiltinTools } from './builtin-tools.js';
import { sha256 } from './canonical-json.js';
import type { EndpointFile } from './endpoint-file.js';
import type { Environment } from './expand.js';
import { at, booleanOf, entriesOf, keyOrigin, originOf, stringOf, stringsOf, type Field } from './field.js';
import type { SiteLocation } from './find-site.js';
import { defaultLimits, mergeLimits } from './limits.js';
import type { Overrides } from './overrides.js';
import { toPersona } from './persona.js';
import { problemOf, suggestion } from './problems.js';
import { readAudit } from './read-audit.js';
import { readDatabase } from './read-database.js';
import { readAuth, readLogging, readTransport } from './read-transport.js';
import { resolveReferences } from './references.js';
import { buildSiteRules, type SiteRules } from './rules.js';
import { flagKind, SettingReader, textKind } from './setting-reader.js';
import type { SettingsContext, SitePaths } from './settings-context.js';
import { checkMatches, checkSqlTools, findDuplicates } from './site-checks.js';
import { readEndpoints } from './site-endpoints.js';
import type { SiteFile } from './site-file.js';
import { activeUserProfile, readSecrets, readUserConfig, userConfigPath } from './user-config.js';

export interface AssemblyInput {
  readonly location: SiteLocation;
  readonly site: SiteFile;
  readonly env: Environment;
  readonly cwd: string;
  readonly config: string | undefined;
  readonly overrides: Overrides;
  readonly productVersion: string;
}

/** A project, and what is wrong with it: with the site's own files, and with endpoint files. */
export interface Assembly {
  readonly project: Omit<Project, 'warnings'>;
  readonly siteProblems: readonly Problem[];
  readonly endpointProblems: readonly Problem[];
}

/** Puts the project together from a site file that was read: user config, settings, rules, endpoints, and what holds between them. */
export async function assembleProject(input: AssemblyInput): Promise<Assembly> {
  const { location, site } = input;
  const problems: Problem[] = [...site.problems];
  const { context, secrets } = await openSettings(input, problems);
  const settings = await readSettings(context, input.productVersion);
  const rules = buildSiteRules(at(context.site, 'policies'), problems);
  const authorization = buildAuthorization(at(context.site, 'authorization'), problems);
  const users = buildUsers(
    at(context.site, 'users'),
    authorization.roles?.map(({ name }) => name),
    problems,
  );
  const policies = buildPolicySettings(at(context.site, 'policies'));
  const limits = noteLimits(context);
  const shared = { limits, rules, requireInputPolicy: policies.requireInputPolicy };
  const found = await readEndpoints(
    { ...shared, root: location.root, users: Object.keys(users) },
    context.paths,
    context.site,
  );
  const builtin = buildSqlTools(context, shared, problems);
  const served = serve(found.files, builtin);
  problems.push(...found.problems, ...checkMatches(rules, found.files, builtin));
  if (builtin.length > 0) {
    problems.push(
      ...checkSqlTools(sqlToolsField(context), settings.database.externalAccess, served.endpoints),
    );
  }
  return {
    project: {
      root: location.root,
      name: site.project,
      profile: site.profileName,
      file: location.file,
      origin: originOf(site.root),
      ...settings,
      secrets,
      authorization,
      users,
      policies,
      endpoints: served.endpoints,
      broken: served.broken,
      digest: digestOf(site.text, found.files, served.endpoints),
      settings: context.reader.effective,
    },
    siteProblems: [...problems, ...context.reader.problems],
    endpointProblems: served.problems,
  };
}

async function openSettings(
  { location, site, env, cwd, config, overrides }: AssemblyInput,
  problems: Problem[],
): Promise<{ context: SettingsContext; secrets: Project['secrets'] }> {
  const names = at(site.root, 'secrets');
  const scope = {
    root: location.root,
    project: site.project,
    profile: site.profileName,
    secrets: stringsOf(names),
    env,
  };
  const user = await readUserConfig(userConfigPath(config, env, cwd), scope);
  const signingKey = (path: readonly string[]): boolean => path.slice(-2).join('.') === 'audit.signing_key';
  const profile = site.profile && (await resolveReferences(site.profile, user.resolve, signingKey));
  const { secrets, problems: ofSecrets } = readSecrets(names, user.root, scope);
  problems.push(...user.problems, ...(profile?.problems ?? []), ...ofSecrets);
  const reader = new SettingReader(env);
  reader.note('project', site.project, 'site');
  reader.note('profile', site.profileName, site.profileFrom);
  for (const { name } of secrets) reader.note(`secrets.${name}`, '[hidden]', 'user config');
  const context = {
    root: location.root,
    site: site.root,
    profileName: site.profileName,
    profile: profile?.root,
    user: user.root,
    userProfile: activeUserProfile(user.root, site.project, site.profileName),
    paths: readPaths(site.root),
    env,
    overrides,
    reader,
  };
  return { context, secrets };
}

function readPaths(site: Field): SitePaths {
  const path = (key: string): string => stringOf(at(site, 'paths', key)) ?? key;
  return {
    tools: path('tools'),
    resources: path('resources'),
    prompts: path('prompts'),
    audit: path('audit'),
    data: path('data'),
  };
}

const secretRemedy = 'Make one with: openssl rand -base64 32';

type Settings = Pick<
  Project,
  'server' | 'database' | 'audit' | 'transport' | 'auth' | 'logging' | 'secretKey'
>;

async function readSettings(context: SettingsContext, productVersion: string): Promise<Settings> {
  const { reader, site, user, userProfile } = context;
  const text = (key: string, fallback: string): string =>
    reader.read(key, { kind: textKind, site: at(site, key) }, fallback);
  const instructions = reader.optional('instructions', { kind: textKind, site: at(site, 'instructions') });
  const secretKey = reader.optional('secret_key', {
    kind: textKind,
    variable: 'MXCP_SECRET_KEY',
    user: at(userProfile, 'secret_key') ?? at(user, 'secret_key'),
    hidden: true,
  });
  if (secretKey !== undefined && secretKey.length < 16) {
    const origin = keyOrigin(at(userProfile, 'secret_key') ?? at(user, 'secret_key') ?? site);
    reader.refuse(
      origin,
      'The site secret `secret_key` (MXCP_SECRET_KEY) has less than 16 characters',
      secretRemedy,
    );
  }
  return {
    server: {
      name: text('name', stringOf(at(site, 'project')) ?? ''),
      version: text('version', productVersion),
      ...(instructions !== undefined && { instructions }),
    },
    database: await readDatabase(context),
    audit: readAudit(context),
    transport: readTransport(context),
    auth: readAuth(context),
    logging: readLogging(context),
    ...(secretKey !== undefined && { secretKey }),
  };
}

function noteLimits({ reader, site, profile }: SettingsContext): Limits {
  const siteLimits = mergeLimits(defaultLimits, at(site, 'limits'));
  const limits = mergeLimits(siteLimits, at(profile, 'limits'));
  const given = new Set(
    [...entriesOf(at(site, 'limits')), ...entriesOf(at(profile, 'limits'))].map(([key]) => key),
  );
  const from = (key: string): string => (given.has(key) ? 'site' : 'default');
  reader.note('limits.timeout', limits.timeoutMs / 1000, from('timeout'));
  reader.note('limits.max_rows', limits.maxRows, from('max_rows'));
  reader.note('limits.max_scan_rows', limits.maxScanRows, from('max_scan_rows'));
  reader.note('limits.max_bytes', limits.maxBytes, from('max_bytes'));
  reader.note('limits.on_limit', limits.onLimit, from('on_limit'));
  return limits;
}

function buildUsers(
  field: Field | undefined,
  roles: readonly string[] | undefined,
  problems: Problem[],
): Readonly<Record<string, Persona>> {
  const users = Object.create(null) as Record<string, Persona>;
  for (const [name, child] of entriesOf(field)) {
    if (child.entries === undefined) continue;
    users[name] = toPersona(child.data as JsonObject);
    const role = at(child, 'role');
    const named = stringOf(role);
    if (role === undefined || named === undefined || roles === undefined || roles.includes(named)) continue;
    if (named === 'anonymous' || named === 'user') continue;
    const message = `There is no role "${named}" in \`authorization.roles\`; it gives nothing beyond its name`;
    const remedy = suggestion(didYouMean(named, roles));
    problems.push(problemOf(role, { severity: 'warning', rule: 'unknown-role', message, remedy }));
  }
  return users;
}

function buildPolicySettings(field: Field | undefined): PolicySettings {
  return {
    requireInputPolicy: booleanOf(at(field, 'require_input_policy')) ?? false,
    strictFields: booleanOf(at(field, 'strict_fields')) ?? false,
    hideDenied: booleanOf(at(field, 'hide_denied')) ?? true,
    hashScope: stringOf(at(field, 'hash_scope')) === 'site' ? 'site' : 'field',
  };
}

const sqlToolsField = ({ site }: SettingsContext): Field => at(site, 'sql_tools') ?? site;

function buildSqlTools(
  context: SettingsContext,
  shared: { readonly limits: Limits; readonly rules: SiteRules; readonly requireInputPolicy: boolean },
  problems: Problem[],
): readonly Endpoint[] {
  const { reader, site, overrides } = context;
  const enabled = reader.read(
    'sql_tools.enabled',
    {
      kind: flagKind,
      flag: overrides.sqlTools,
      variable: 'MXCP_SQL_TOOLS',
      site: at(site, 'sql_tools', 'enabled'),
    },
    false,
  );
  return enabled ? buildBuiltinTools(sqlToolsField(context), shared, problems) : [];
}

interface Served {
  readonly endpoints: readonly Endpoint[];
  readonly broken: readonly BrokenEndpoint[];
  readonly problems: readonly Problem[];
}

/** Parts the endpoints that can be served from the broken ones. */
function serve(files: readonly EndpointFile[], builtin: readonly Endpoint[]): Served {
  const reserved = new Map(builtin.map(({ kind, name, origin }) => [`${kind}/${name}`, origin]));
  const duplicates = findDuplicates(files, reserved);
  const endpoints: Endpoint[] = [...builtin];
  const broken: BrokenEndpoint[] = [];
  const problems: Problem[] = [];
  for (const each of files) {
    const double = duplicates.get(each);
    const own = [...each.problems, ...(double === undefined ? [] : [double])];
    problems.push(...own);
    const { file, kind, name, endpoint } = each;
    if (own.some(({ severity }) => severity === 'error')) {
      broken.push({ file, ...(kind !== undefined && { kind }), ...(name !== undefined && { name }) });
    } else if (endpoint !== undefined) endpoints.push(endpoint);
  }
  const order = ({ kind, name }: Endpoint): string => `${kind}\0${name}`;
  endpoints.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { endpoints, broken, problems };
}

/** SHA-256 over the site file, the endpoint files, their bodies and the rules in effect (spec page 05). */
function digestOf(site: string, files: readonly EndpointFile[], endpoints: readonly Endpoint[]): string {
  const bodies = endpoints.map(({ kind, name, policies, ...rest }) => [
    kind,
    name,
    'body' in rest && rest.body.language === 'sql' ? rest.body.source.text : '',
    ...[...policies.input, ...policies.output].map(({ hash }) => hash),
  ]);
  return sha256(JSON.stringify([site, files.map(({ file, text }) => [file, text]), bodies]));
}
