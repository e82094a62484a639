import { suggestion } from './problems.js';

/** Words that authors look for, and what they are called here. */
const otherWords: Readonly<Record<string, string>> = {
  optional: 'A parameter is optional when it has a `default`.',
  params: 'Write `parameters`.',
  args: 'Write `parameters`, or `arguments` in a test.',
  sql: 'Write `source: {code: …}`.',
  query: 'Write `source: {code: …}`.',
};

const profileKeys = ['duckdb', 'audit', 'auth', 'transport', 'security'];

/** What to write for a key that there is not; undefined when nothing is known of it. */
export const otherWord = (key: string): string | undefined =>
  Object.hasOwn(otherWords, key) ? otherWords[key] : undefined;

/** Where a key of a profile belongs that stands at the top of the site file or the user config, whose keys are `known`. */
export function profilePlace(key: string, known: readonly string[]): string | undefined {
  if (!profileKeys.includes(key)) return undefined;
  if (known.includes('profiles')) return `It belongs to a profile: \`profiles: {default: {${key}: …}}\`.`;
  return known.includes('projects')
    ? `It belongs to a profile of a project: \`projects: {NAME: {profiles: {default: {${key}: …}}}}\`.`
    : undefined;
}

/** Types of databases and of other languages: the format that a text has then. */
const otherFormats: Readonly<Record<string, string>> = {
  date: 'date',
  time: 'time',
  datetime: 'date-time',
  'date-time': 'date-time',
  timestamp: 'date-time',
  uuid: 'uuid',
  email: 'email',
};

/** Further ones, and their names here. */
const otherTypes: Readonly<Record<string, string>> = {
  list: 'array',
  map: 'object',
  dict: 'object',
  struct: 'object',
  text: 'string',
  varchar: 'string',
  bigint: 'integer',
  float: 'number',
  double: 'number',
  decimal: 'number',
};

/** What to write for a type that is not among `choices`, but there under another name. */
export function otherType(value: unknown, choices: readonly string[]): string | undefined {
  if (typeof value !== 'string' || !choices.includes('integer')) return undefined;
  const name = value.toLowerCase();
  if (Object.hasOwn(otherFormats, name))
    return `Write \`type: string\` and \`format: ${otherFormats[name]}\`.`;
  return suggestion(Object.hasOwn(otherTypes, name) ? otherTypes[name] : undefined);
}
