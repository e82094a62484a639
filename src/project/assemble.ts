import { join } from 'node:path';
import type { Problem } from '../errors.js';
import type { Endpoint, Limits } from '../model/endpoint.js';
import type { BrokenEndpoint, Draft, PolicySettings, Project } from '../model/project.js';
import { buildAuthorization } from './authorization.js';
import { buildBuiltinTools } from './builtin-tools.js';
import { sha256 } from '../lib/sha256.js';
import type { EndpointFile } from './endpoint-file.js';
import { at, originOf, type Field } from './field.js';
import { readBodies } from './read-bodies.js';
import { readPlugins } from './read-plugins.js';
import { readRates } from './rates.js';
import { openSettings, readLimits, readSettings, type AssemblyInput } from './read-settings.js';
import { buildSiteRules, idleRules, type SiteRules } from './rules.js';
import { flagKind, textKind } from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';
import { checkMatches, checkSqlTools, findDuplicates } from './site-checks.js';
import { readEndpoints } from './site-endpoints.js';
import { readScopes } from './scopes.js';
import { sourceDigests } from './source-digest.js';
import { addTestFiles } from './test-files.js';
import { buildUsers } from './users.js';

/** A project, and what is wrong with it: with the site's own files, and with endpoint files. */
export interface Assembly {
  readonly project: Omit<Project, 'warnings'>;
  /** What is known of the endpoints with errors. */
  readonly drafts: readonly Draft[];
  readonly siteProblems: readonly Problem[];
  readonly endpointProblems: readonly Problem[];
  /** Absolute paths of the YAML files that were read, but for the site file. */
  readonly files: readonly string[];
}

/** Puts the project together from a site file that was read: user config, settings, rules, endpoints, and what holds between them. */
export async function assembleProject(input: AssemblyInput): Promise<Assembly> {
  const { location, site } = input;
  const problems: Problem[] = [...site.problems];
  const { context, secrets } = await openSettings(input, problems);
  const bodies = readBodies(context);
  const plugins = await readPlugins(context, bodies.pluginsFolder);
  const sources = await sourceDigests(location.root, [bodies.typescriptFolder, bodies.pluginsFolder]);
  const rules = buildSiteRules(at(context.site, 'policies'), problems);
  const authorization = buildAuthorization(at(context.site, 'authorization'), problems);
  const users = buildUsers(
    at(context.site, 'users'),
    authorization.roles?.map(({ name }) => name),
    problems,
  );
  const policies = buildPolicySettings(context);
  const limits = readLimits(context);
  const shared = { limits, rules, requireInputPolicy: policies.requireInputPolicy };
  const found = await readEndpoints(
    { ...shared, root: location.root, users: Object.keys(users) },
    context.paths,
    context.site,
  );
  const builtin = buildSqlTools(context, shared, problems);
  const served = serve(found.files, builtin);
  const freeBodies = served.endpoints.some(({ body }) => body?.language === 'typescript');
  const settings = await readSettings(context, { productVersion: input.productVersion, freeBodies });
  const sqlTools = builtin.length > 0;
  const scopes = readScopes({ context, auth: settings.auth, files: found.files, sqlTools });
  problems.push(...found.problems, ...checkMatches(rules, found.files, builtin));
  const tested = await addTestFiles(
    location.root,
    served.endpoints,
    absentNames(found.files),
    Object.keys(users),
  );
  if (sqlTools) {
    problems.push(
      ...checkSqlTools(sqlToolsField(context), settings.database.externalAccess, rules, served.endpoints),
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
      rates: readRates(context),
      bodies,
      plugins,
      secrets,
      authorization: { ...authorization, scopes },
      users,
      policies,
      idleRules: idleRules(rules, served.endpoints),
      endpoints: tested.endpoints,
      broken: served.broken,
      digest: digestOf(
        [site.text, settings.database.init?.text ?? '', sources],
        found.files,
        served.endpoints,
      ),
      settings: context.reader.effective,
    },
    drafts: served.drafts,
    siteProblems: [...problems, ...context.reader.problems],
    endpointProblems: [...served.problems, ...tested.problems],
    files: [
      ...found.files.map(({ file }) => join(location.root, file)),
      ...tested.files,
      ...configFiles(context),
    ],
  };
}

/** The user config, when there is one. */
function configFiles({ user }: SettingsContext): readonly string[] {
  return user === undefined ? [] : [user.source.path];
}

function buildPolicySettings({ reader, site }: SettingsContext): PolicySettings {
  const given = (key: string): Field | undefined => at(site, 'policies', key);
  const flag = (key: string, fallback: boolean): boolean =>
    reader.read(`policies.${key}`, { kind: flagKind, site: given(key) }, fallback);
  const hashScope = reader.read(
    'policies.hash_scope',
    { kind: textKind, site: given('hash_scope') },
    'field',
  );
  return {
    requireInputPolicy: flag('require_input_policy', false),
    strictFields: flag('strict_fields', false),
    hideDenied: flag('hide_denied', true),
    hashScope: hashScope === 'site' ? 'site' : 'field',
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

/** `kind/name` of every endpoint that a file declares, served or not. */
function absentNames(files: readonly EndpointFile[]): ReadonlySet<string> {
  return new Set(files.map(({ kind, name }) => `${kind ?? ''}/${name ?? ''}`));
}

interface Served {
  readonly endpoints: readonly Endpoint[];
  readonly broken: readonly BrokenEndpoint[];
  readonly drafts: readonly Draft[];
  readonly problems: readonly Problem[];
}

/** The order of a project's endpoints: by kind and name. */
export function byName(a: Endpoint, b: Endpoint): number {
  const order = ({ kind, name }: Endpoint): string => `${kind}\0${name}`;
  return order(a) < order(b) ? -1 : 1;
}

/** Parts the endpoints that can be served from the broken ones. */
function serve(files: readonly EndpointFile[], builtin: readonly Endpoint[]): Served {
  const reserved = new Map(builtin.map(({ kind, name, origin }) => [`${kind}/${name}`, origin]));
  const duplicates = findDuplicates(files, reserved);
  const endpoints: Endpoint[] = [...builtin];
  const broken: BrokenEndpoint[] = [];
  const drafts: Draft[] = [];
  const problems: Problem[] = [];
  for (const each of files) {
    const double = duplicates.get(each);
    const own = [...each.problems, ...(double === undefined ? [] : [double])];
    problems.push(...own);
    const { file, kind, name, endpoint, draft } = each;
    if (own.some(({ severity }) => severity === 'error')) {
      broken.push({ file, ...(kind !== undefined && { kind }), ...(name !== undefined && { name }) });
      if (draft !== undefined) drafts.push(draft);
    } else if (endpoint !== undefined) endpoints.push(endpoint);
  }
  endpoints.sort(byName);
  return { endpoints, broken, drafts, problems };
}

/** SHA-256 over the site file, the endpoint files, their bodies, what these may import, and the rules in effect (spec page 05). */
function digestOf(
  site: readonly unknown[],
  files: readonly EndpointFile[],
  endpoints: readonly Endpoint[],
): string {
  const bodies = endpoints.map((endpoint) => {
    const { kind, name, policies, body } = endpoint;
    const text = body === undefined || body.language === 'builtin' ? '' : body.source.text;
    return [kind, name, text, ...[...policies.input, ...policies.output].map(({ hash }) => hash)];
  });
  return sha256(JSON.stringify([site, files.map(({ file, text }) => [file, text]), bodies]));
}
