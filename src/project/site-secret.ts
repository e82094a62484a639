import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
  constants,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { ConfigInvalidError, type Problem } from '../errors.js';
import { isLoopbackHost } from '../lib/loopback.js';
import type { Project } from '../model/project.js';
import { variable, type Environment } from './expand.js';
import { homeFolder, isInside } from './site-paths.js';

const minimumLength = 16;

/**
 * The root of all internal keys (spec page 06): the configured `secret_key`, else the one that was generated for this project in the
 * user's state folder; generated there now when `mayGenerate` (several processes agree on one). Throws ConfigInvalidError when there
 * is none, when the file is not private, or when it would stand in the folder of the audit log.
 */
export function siteSecret(
  project: Project,
  env: Environment,
  { mayGenerate }: { readonly mayGenerate: boolean },
): string {
  const configured = project.secretKey ?? variable(env, 'MXCP_SECRET_KEY');
  if (configured !== undefined && configured !== '') {
    if (configured.length < minimumLength)
      throw refusal(project, `secret_key has less than ${minimumLength} characters`);
    return configured;
  }
  const file = secretFile(project.name, env);
  if (isInside(dirname(project.audit.path), file)) {
    throw refusal(
      project,
      `The generated secret ${file} would stand in the folder of the audit log`,
      'Move one of them, or set secret_key.',
    );
  }
  const existing = readSecret(project, file);
  if (existing !== undefined) return existing;
  if (!mayGenerate) {
    const remedy = 'Set `secret_key` in the user config or MXCP_SECRET_KEY: openssl rand -base64 32';
    throw refusal(
      project,
      'This server needs a secret_key: it is generated only for a server on loopback that shares no store',
      remedy,
    );
  }
  return generate(project, file);
}

/** A secret is generated only for a server that nobody else shares or reaches. */
export function mayGenerateSecret({ transport, auth }: Project): boolean {
  if (auth.persistence.type === 'redis' && !auth.open) return false;
  return transport.provider === 'stdio' || isLoopbackHost(transport.http.host);
}

/** Where the generated secret of a project is: `$XDG_STATE_HOME/mxcp/<project>/secret`, else below `~/.local/state`. */
export function secretFile(projectName: string, env: Environment): string {
  const stated = variable(env, 'XDG_STATE_HOME');
  const state =
    stated !== undefined && isAbsolute(stated) ? stated : join(homeFolder(env), '.local', 'state');
  return join(state, 'mxcp', folderName(projectName), 'secret');
}

/** A name that is safe as a folder; names that had to be changed keep apart by a hash. */
export function folderName(name: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 40)}-${hash}`;
}

function refusal(project: Project, message: string, remedy?: string, cause?: unknown): ConfigInvalidError {
  const problem: Problem = {
    severity: 'error',
    rule: 'site-secret',
    message,
    origin: project.origin,
    ...(remedy !== undefined && { remedy }),
  };
  return new ConfigInvalidError([problem], { cause });
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

function readSecret(project: Project, file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw refusal(project, `Cannot read the site secret ${file}`, undefined, error);
  }
  try {
    const info = fstatSync(descriptor);
    if (!info.isFile()) throw refusal(project, `${file} is not a file`);
    if (process.platform !== 'win32' && (info.mode & 0o077) !== 0) {
      throw refusal(
        project,
        `Other users of this machine can read the site secret ${file}`,
        `Run: chmod 600 ${file}`,
      );
    }
    const secret = readFileSync(descriptor, 'utf8').trim();
    if (secret.length < minimumLength)
      throw refusal(
        project,
        `The site secret ${file} is damaged`,
        'Restore it, or remove it to get a new one.',
      );
    return secret;
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a new secret under a private name and links it into place: the first process wins, all read the same whole file. */
function generate(project: Project, file: string): string {
  const temporary = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(descriptor, `${randomBytes(32).toString('base64url')}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkIfFirst(temporary, file);
  } catch (error) {
    throw refusal(
      project,
      `Cannot write the site secret ${file}`,
      'Set `secret_key` in the user config or MXCP_SECRET_KEY.',
      error,
    );
  } finally {
    rmSync(temporary, { force: true });
  }
  const secret = readSecret(project, file);
  if (secret === undefined) throw refusal(project, `The site secret ${file} vanished while it was written`);
  return secret;
}

function linkIfFirst(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}
