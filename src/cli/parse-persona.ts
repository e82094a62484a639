import { UsageError } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Persona } from '../model/caller.js';
import type { Json, JsonObject } from '../model/json.js';
import type { Project } from '../model/project.js';
import type { Environment } from '../project/expand.js';
import { misspeltKeys, toPersona } from '../project/persona.js';
import { environmentText } from './environment-flag.js';
import { parseObjectOption } from './parse-json-option.js';

/** Who makes the calls of a command, as the operator says. */
export interface PersonaOptions {
  /** `-u`: JSON, `@file`, or `role=hr,email=a@b.c`. */
  readonly userContext?: string;
  /** `--as`: name of a persona of the site. */
  readonly as?: string;
}

function parsePairs(text: string): JsonObject {
  const fields = Object.create(null) as Record<string, Json>;
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new UsageError('-u: expected JSON, @file or key=value,key=value');
    fields[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
  }
  return fields;
}

/** The persona of `-u`: JSON, `@file`, or pairs, whose lists are separated by spaces. Throws `UsageError`. */
export function parseUserContext(text: string, cwd: string): Persona {
  const json = text.startsWith('{') || text.startsWith('@');
  const stated = json ? parseObjectOption(text, '-u', cwd) : parsePairs(text);
  const [slip] = misspeltKeys(stated);
  if (slip === undefined) return toPersona(stated);
  throw new UsageError(
    `-u: unknown key ${slip.key}; did you mean ${slip.meant}? A claim goes under "claims"`,
  );
}

/** The persona of a site by its name. Throws `UsageError`. */
export function namedPersona(project: Project, name: string): Persona {
  const persona = Object.hasOwn(project.users, name) ? project.users[name] : undefined;
  if (persona !== undefined) return persona;
  const users = Object.keys(project.users);
  const near = didYouMean(name, users);
  const known =
    users.length === 0 ? ', and no other: see `users`' : `; it has ${users.slice(0, 20).join(', ')}`;
  const hint = near === undefined ? known : `; did you mean ${near}?`;
  throw new UsageError(`The site has no user ${name}${hint}`);
}

/** The persona that the options, else MXCP_AS, state; undefined: none, the caller is anonymous. Throws `UsageError`. */
export function statedPersona(
  { project, env }: { readonly project: Project; readonly env: Environment },
  options: PersonaOptions,
  cwd: string,
): Persona | undefined {
  if (options.userContext !== undefined && options.as !== undefined) {
    throw new UsageError('Give -u or --as, not both');
  }
  if (options.userContext !== undefined) return parseUserContext(options.userContext, cwd);
  const as = options.as ?? environmentText(env, 'MXCP_AS');
  return as === undefined ? undefined : namedPersona(project, as);
}
