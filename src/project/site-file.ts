import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { checkSchema } from './check-schema.js';
import { expandVariables, variable, type Environment } from './expand.js';
import { at, entriesOf, stringOf, type Field } from './field.js';
import type { SiteLocation } from './find-site.js';
import { siteFileName } from './find-site.js';
import { problemOf, suggestion } from './problems.js';
import { readYamlFile, type YamlFile } from './yaml-file.js';

/** The site file with the active profile chosen and its references expanded. */
export interface SiteFile {
  readonly text: string;
  readonly root: Field;
  readonly project: string;
  readonly profileName: string;
  /** How the profile was chosen: `flag`, `environment` or `site`. */
  readonly profileFrom: string;
  /** The active profile; absent when the site has no settings for it. */
  readonly profile?: Field;
  readonly problems: readonly Problem[];
}

/** Reads and checks the site file. Without a map to work on, only the problems come back. */
export async function readSiteFile(
  location: SiteLocation,
  env: Environment,
  profileFlag: string | undefined,
): Promise<SiteFile | { readonly root?: undefined; readonly problems: readonly Problem[] }> {
  const file = await readYamlFile({ path: location.file, shown: siteFileName, expandable: true });
  if (file.root?.entries === undefined) return { problems: withEmptyFile(file) };
  const common = expandVariables(file.root, env, (path) => path[0] !== 'profiles');
  const chosen = chooseProfile(common.root, env, profileFlag);
  const expanded = expandVariables(
    common.root,
    env,
    (path) => path[0] === 'profiles' && path[1] === chosen.name,
  );
  const { root, problems } = checkSchema('site', expanded.root);
  const profile = at(root, 'profiles', chosen.name);
  return {
    text: file.source.text,
    root,
    project: stringOf(at(root, 'project')) ?? '',
    profileName: chosen.name,
    profileFrom: chosen.from,
    ...(profile !== undefined && { profile }),
    problems: [
      ...file.problems,
      ...common.problems,
      ...expanded.problems,
      ...problems,
      ...unknownProfile(root, chosen),
    ],
  };
}

function withEmptyFile({ source, root, problems }: YamlFile): readonly Problem[] {
  if (problems.length > 0) return problems;
  const place = root ?? { data: null, source, start: 0, end: 0 };
  const remedy = 'A site file needs at least `project` and `profile`.';
  return [problemOf(place, { rule: 'wrong-type', message: 'This file must be a map', remedy })];
}

interface Choice {
  readonly name: string;
  readonly from: string;
  readonly field?: Field;
}

function chooseProfile(root: Field, env: Environment, flag: string | undefined): Choice {
  if (flag !== undefined) return { name: flag, from: 'flag' };
  const fromEnvironment = variable(env, 'MXCP_PROFILE');
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    return { name: fromEnvironment, from: 'environment' };
  const field = at(root, 'profile');
  return { name: stringOf(field) ?? '', from: 'site', ...(field !== undefined && { field }) };
}

function unknownProfile(root: Field, { name, from, field }: Choice): readonly Problem[] {
  const profiles = at(root, 'profiles');
  const isEmptyFlag = name === '' && from === 'flag';
  if (!isEmptyFlag && (profiles === undefined || name === '' || profiles.entries?.has(name) === true))
    return [];
  const known = entriesOf(profiles).map(([each]) => each);
  const how = { flag: ' (from --profile)', environment: ' (from MXCP_PROFILE)' }[from] ?? '';
  return [
    problemOf(field ?? profiles ?? root, {
      rule: 'unknown-profile',
      message: `There is no profile "${name}"${how} in \`profiles\``,
      remedy: suggestion(didYouMean(name, known)) ?? `Known profiles: ${known.join(', ')}.`,
    }),
  ];
}
