import type { Problem } from '../errors.js';
import type { Limits } from '../model/endpoint.js';
import type { Project } from '../model/project.js';
import { variable, type Environment } from './expand.js';
import { at, entriesOf, itemsOf, stringOf, stringsOf, type Field } from './field.js';
import type { SiteLocation } from './find-site.js';
import { defaultLimits, mergeLimits } from './limits.js';
import type { Overrides } from './overrides.js';
import { readAuth } from './auth/read-auth.js';
import { checkBaseUrl } from './check-base-url.js';
import { readAudit } from './read-audit.js';
import { readDatabase } from './read-database.js';
import { readLogging, readTransport } from './read-transport.js';
import { resolveReferences } from './references.js';
import { SettingReader, textKind } from './setting-reader.js';
import type { SettingsContext, SitePaths } from './settings-context.js';
import type { SiteFile } from './site-file.js';
import { activeUserProfile, readSecrets, readUserConfig, userConfigPath } from './user-config.js';

/** What a project is put together from. */
export interface AssemblyInput {
  readonly location: SiteLocation;
  readonly site: SiteFile;
  readonly env: Environment;
  readonly cwd: string;
  readonly config: string | undefined;
  readonly overrides: Overrides;
  readonly productVersion: string;
}

/** Reads the user config and opens everything that settings are chosen from; findings go to `problems`. */
export async function openSettings(
  { location, site, env, cwd, config, overrides }: AssemblyInput,
  problems: Problem[],
): Promise<{ context: SettingsContext; secrets: Project['secrets'] }> {
  const names = at(site.root, 'secrets');
  const scope = {
    root: location.root,
    project: site.project,
    profile: site.profileName,
    secrets: stringsOf(names),
    plugins: itemsOf(at(site.root, 'plugin')).flatMap((item) => stringsOf(at(item, 'config'))),
    env,
  };
  const user = await readUserConfig(userConfigPath(config, env, cwd), scope);
  const profile = site.profile && (await resolveReferences(site.profile, user.resolve, mayBeReference));
  const { secrets, problems: ofSecrets } = readSecrets(names, user.root, scope);
  problems.push(...user.problems, ...(profile?.problems ?? []), ...ofSecrets);
  const reader = new SettingReader(env);
  reader.note('project', site.project, 'site');
  reader.note('profile', site.profileName, site.profileFrom);
  for (const { name } of secrets) reader.note(`secrets.${name}`, '[hidden]', 'user config');
  const context = {
    root: location.root,
    cwd,
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

/** Texts of a profile that may be references: those of secrets. */
const mayBeReference = (path: readonly string[]): boolean =>
  path[0] === 'auth' || path[0] === 'security' || path.join('.') === 'audit.signing_key';

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

/** The parts of a project that are settings. */
export type Settings = Pick<
  Project,
  'server' | 'database' | 'audit' | 'transport' | 'auth' | 'logging' | 'secretKey'
>;

/** What settings depend on beside the settings. */
export interface SettingsFacts {
  readonly productVersion: string;
  /** The site has bodies in TypeScript, which send SQL of their own. */
  readonly freeBodies: boolean;
}

/** Every setting of the active profile, from flags, environment, user config, site and defaults. */
export async function readSettings(
  context: SettingsContext,
  { productVersion, freeBodies }: SettingsFacts,
): Promise<Settings> {
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
  const fromEnvironment = variable(context.env, 'MXCP_SECRET_KEY') ?? '';
  if (fromEnvironment !== '' && fromEnvironment.length < 16) {
    const origin = { file: 'environment variable MXCP_SECRET_KEY', line: 1, column: 1 };
    reader.refuse(origin, 'MXCP_SECRET_KEY has less than 16 characters', secretRemedy);
  }
  const transport = readTransport(context);
  const auth = await readAuth(context, transport);
  reader.problems.push(...checkBaseUrl(context, transport, auth));
  return {
    server: {
      name: text('name', stringOf(at(site, 'project')) ?? ''),
      version: text('version', productVersion),
      ...(instructions !== undefined && { instructions }),
    },
    database: await readDatabase(context, freeBodies),
    audit: readAudit(context),
    transport,
    auth,
    logging: readLogging(context),
    ...(secretKey !== undefined && { secretKey }),
  };
}

/** The bounds of a call for every endpoint: those of the profile over those of the site. */
export function readLimits({ reader, site, profile }: SettingsContext): Limits {
  const siteLimits = mergeLimits(defaultLimits, at(site, 'limits'));
  const limits = mergeLimits(siteLimits, at(profile, 'limits'));
  const given = new Set(
    [...entriesOf(at(site, 'limits')), ...entriesOf(at(profile, 'limits'))].map(([key]) => key),
  );
  const from = (key: string): string => (given.has(key) ? 'site' : 'default');
  reader.note('limits.timeout', limits.timeoutMs / 1000, from('timeout'), 's');
  reader.note('limits.max_rows', limits.maxRows, from('max_rows'));
  reader.note('limits.max_scan_rows', limits.maxScanRows, from('max_scan_rows'));
  reader.note('limits.max_bytes', limits.maxBytes, from('max_bytes'), 'bytes');
  reader.note('limits.on_limit', limits.onLimit, from('on_limit'));
  return limits;
}
