import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigNotFoundError, type Problem } from '../errors.js';
import type { Secret } from '../model/settings.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { checkSchema } from './check-schema.js';
import { expandVariables, variable, type Environment } from './expand.js';
import { at, entriesOf, itemsOf, jsonObject, stringOf, type Field } from './field.js';
import type { FieldPath } from './map-field.js';
import { problem, problemOf, problemOfKey, suggestion } from './problems.js';
import { referenceResolver, resolveReferences, type Resolver } from './references.js';
import { mapsOf } from './setting-reader.js';
import { absolutePath, homeFolder, shownPath } from './site-paths.js';
import { readYamlFile } from './yaml-file.js';

/** Which part of the user config is in use. */
export interface UserConfigScope {
  readonly root: string;
  readonly project: string;
  readonly profile: string;
  /** Secrets that the site names; no other is resolved. */
  readonly secrets: readonly string[];
  /** Settings of plugins that the site names; no other are resolved. */
  readonly plugins: readonly string[];
  readonly env: Environment;
}

export interface UserConfig {
  /** Absent when there is no file. */
  readonly root?: Field;
  readonly resolve: Resolver;
  readonly problems: readonly Problem[];
}

/** Where the user config is. `explicit`: somebody named it, so it must be there. */
export function userConfigPath(
  config: string | undefined,
  env: Environment,
  cwd: string,
): { readonly path: string; readonly explicit: boolean } {
  const named = config ?? variable(env, 'MXCP_CONFIG');
  if (named !== undefined && named !== '') return { path: absolutePath(named, cwd, env), explicit: true };
  return { path: join(homeFolder(env), '.mxcp', 'config.yml'), explicit: false };
}

/** Reads the user config, checks all of it, and resolves what the active project and profile use of it. */
export async function readUserConfig(
  { path, explicit }: { readonly path: string; readonly explicit: boolean },
  scope: UserConfigScope,
): Promise<UserConfig> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined && (await isAbsent(path))) {
    if (explicit) throw new ConfigNotFoundError(`There is no user config ${path}`);
    return { resolve: referenceResolver(undefined, scope.env), problems: [] };
  }
  const name = { path, shown: shownPath(scope.root, path), confidential: true, expandable: true };
  const file = await readYamlFile(name);
  const isPrivate = info === undefined || (info.mode & 0o077) === 0 || process.platform === 'win32';
  const readable = isPrivate ? [] : [readableByOthers(name.shown)];
  if (file.root === undefined) {
    return { resolve: referenceResolver(undefined, scope.env), problems: [...readable, ...file.problems] };
  }
  const active = await activate(file.root, scope);
  const { root, problems } = checkSchema('config', active.root);
  const found = [
    ...readable,
    ...file.problems,
    ...active.problems,
    ...problems,
    ...unusedProject(active.root, scope),
  ];
  return { root, resolve: active.resolve, problems: found };
}

/**
 * A project or profile of nearly the site's name, and a project without the site's profile: what they say about secrets and
 * sign-in is not in use, which is noticed late otherwise.
 */
function unusedProject(file: Field, { project, profile }: UserConfigScope): readonly Problem[] {
  const projects = at(file, 'projects');
  const names = entriesOf(projects).map(([name]) => name);
  const near = didYouMean(project, names);
  if (!names.includes(project)) {
    const field = near === undefined ? undefined : projects?.entries?.get(near);
    if (field === undefined) return [];
    const message = `The project of this site is called "${project}", and not "${near ?? ''}": nothing here is in use`;
    return [problemOfKey(field, { severity: 'warning', rule: 'unused-project', message })];
  }
  const profiles = at(projects, project, 'profiles');
  const known = entriesOf(profiles).map(([name]) => name);
  if (profiles === undefined || known.length === 0 || known.includes(profile)) return [];
  const message = `There is no profile "${profile}" here, which is in use: only ${known.join(', ')}`;
  const remedy = suggestion(didYouMean(profile, known)) ?? `Add it; it may be empty: \`${profile}: {}\`.`;
  return [problemOfKey(profiles, { severity: 'warning', rule: 'unused-project', message, remedy })];
}

/** True when nothing is there. A link that leads nowhere, or a folder that may not be entered, is a config that cannot be read. */
async function isAbsent(path: string): Promise<boolean> {
  const code = await lstat(path).then(
    () => undefined,
    (error: unknown) => error instanceof Error && 'code' in error && error.code,
  );
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function activate(
  file: Field,
  scope: UserConfigScope,
): Promise<{ root: Field; resolve: Resolver; problems: Problem[] }> {
  const isActive = activeIn(file, scope);
  const expanded = expandVariables(file, scope.env, isActive);
  const resolve = referenceResolver(expanded.root, scope.env);
  const resolved = await resolveReferences(
    expanded.root,
    resolve,
    (path) => isActive(path) && path[0] !== 'vault' && path[0] !== 'onepassword',
  );
  return { root: resolved.root, resolve, problems: [...expanded.problems, ...resolved.problems] };
}

/** Which texts are in use: not those of other projects and profiles, and no secret that the site does not name. */
function activeIn(file: Field, scope: UserConfigScope): (path: FieldPath) => boolean {
  const { project, profile, secrets, plugins } = scope;
  const listed = at(file, 'projects', project, 'profiles', profile, 'secrets');
  const isNamed = (secret: Field | undefined): boolean =>
    secrets.includes(stringOf(at(secret, 'name')) ?? '');
  return (path) => {
    if (path[0] === 'models') return false;
    if (path[0] !== 'projects') return true;
    if (path[1] !== project || (path[2] === 'profiles' && path[3] !== profile)) return false;
    if (path[4] === 'plugin') return plugins.includes(path[6] ?? '');
    if (path[4] !== 'secrets') return true;
    return isNamed(listed?.items === undefined ? listed : listed.items[Number(path[5])]);
  };
}

function readableByOthers(file: string): Problem {
  return problem(
    { file, line: 1, column: 1 },
    {
      severity: 'warning',
      rule: 'readable-by-others',
      message: 'Other users of this machine can read the user config',
      remedy: `Run: chmod 600 ${file}`,
    },
  );
}

/** The active profile of the user config. */
export function activeUserProfile(
  user: Field | undefined,
  project: string,
  profile: string,
): Field | undefined {
  return at(user, 'projects', project, 'profiles', profile);
}

/** The secrets that the site names, from the user config. A missing one is an error, one that nobody names a warning. */
export function readSecrets(
  names: Field | undefined,
  user: Field | undefined,
  { project, profile }: UserConfigScope,
): { readonly secrets: readonly Secret[]; readonly problems: readonly Problem[] } {
  const given = mapsOf(at(activeUserProfile(user, project, profile), 'secrets'));
  const byName = new Map(given.map((field) => [stringOf(at(field, 'name')) ?? '', field]));
  const wanted = itemsOf(names).filter((item) => stringOf(item) !== undefined);
  const problems = wanted.flatMap((item) => {
    const name = stringOf(item) ?? '';
    if (byName.has(name)) return [];
    const message = `The secret "${name}" is not in the user config for project "${project}", profile "${profile}"`;
    return [
      problemOf(item, {
        rule: 'missing-secret',
        message,
        remedy: secretRemedy(name, byName.keys(), user, project, profile),
      }),
    ];
  });
  const wantedNames = new Set(wanted.map((item) => stringOf(item) ?? ''));
  const unnamed = [...byName].filter(([name]) => name !== '' && !wantedNames.has(name));
  return {
    secrets: [...wantedNames].flatMap((name) => buildSecret(name, byName.get(name))),
    problems: [
      ...problems,
      ...unnamed.map(([name, field]) => notInjected(name, field)),
      ...duplicates(given),
    ],
  };
}

function secretRemedy(
  name: string,
  known: Iterable<string>,
  user: Field | undefined,
  project: string,
  profile: string,
): string {
  const near = suggestion(didYouMean(name, known));
  if (near !== undefined) return near;
  const projects = entriesOf(at(user, 'projects')).map(([each]) => each);
  if (projects.includes(project)) return `Add it under projects.${project}.profiles.${profile}.secrets.`;
  const nearProject = suggestion(didYouMean(project, projects));
  return `The user config has no project "${project}". ${nearProject ?? 'Add it, or name another file with --config.'}`;
}

function buildSecret(name: string, field: Field | undefined): readonly Secret[] {
  if (field === undefined) return [];
  const parameters = jsonObject(entriesOf(at(field, 'parameters')).map(([key, child]) => [key, child.data]));
  return [{ name, type: stringOf(at(field, 'type')) ?? '', parameters }];
}

function notInjected(name: string, field: Field): Problem {
  return problemOfKey(at(field, 'name') ?? field, {
    severity: 'warning',
    rule: 'secret-not-named',
    message: `The site does not name the secret "${name}", so it does not get it`,
    remedy: `Add "${name}" to \`secrets\` of the site file if the site needs it.`,
  });
}

function duplicates(given: readonly Field[]): readonly Problem[] {
  const seen = new Set<string>();
  return given.flatMap((field) => {
    const named = at(field, 'name');
    const name = stringOf(named);
    if (named === undefined || name === undefined) return [];
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [problemOf(named, { rule: 'duplicate-name', message: `There are two secrets "${name}"` })];
  });
}
