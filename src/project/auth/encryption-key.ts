import { variable } from '../expand.js';
import { at, type Field } from '../field.js';
import { problem } from '../problems.js';
import { textKind } from '../setting-reader.js';
import type { SettingsContext } from '../settings-context.js';
import { absolutePath } from '../site-paths.js';
import { readText } from '../yaml-file.js';
import { sourcesOf, type AuthSection } from './auth-section.js';

const leastLength = 16;
const keyVariable = 'MXCP_TOKEN_ENCRYPTION_KEY';
const fileVariable = 'MXCP_TOKEN_ENCRYPTION_KEY_FILE';

/**
 * The key of what is stored encrypted: from flags, the environment, a file that one of them names, or `auth.encryption_key`
 * and its other names. Undefined: it is derived from the site secret.
 */
export async function readEncryptionKey(
  context: SettingsContext,
  section: AuthSection,
): Promise<string | undefined> {
  const { reader, env, overrides } = context;
  const { tokenEncryptionKey, tokenEncryptionKeyFile } = overrides;
  const flag = tokenEncryptionKey ?? (await keyOfFile(context, tokenEncryptionKeyFile, commandLine));
  const literal = variable(env, keyVariable) || undefined;
  const named = literal === undefined ? variable(env, fileVariable) || undefined : undefined;
  const fromFile =
    flag === undefined ? await keyOfFile(context, named, `environment variable ${fileVariable}`) : undefined;
  if (fromFile !== undefined) {
    reader.note('auth.encryption_key', '[hidden]', 'environment');
    return checked(context, fromFile, `environment variable ${fileVariable}`);
  }
  const field = fieldOf(context, section);
  const sources = { kind: textKind, flag, variable: keyVariable, ...sourcesOf(field), hidden: true };
  const found = reader.optional('auth.encryption_key', sources);
  if (flag !== undefined) return checked(context, found, commandLine);
  return literal === undefined ? found : checked(context, found, `environment variable ${keyVariable}`);
}

const commandLine = 'command line';

function checked({ reader }: SettingsContext, key: string | undefined, file: string): string | undefined {
  if (key === undefined || key.length >= leastLength) return key;
  const message = `The token encryption key has less than ${leastLength} characters`;
  reader.refuse({ file, line: 1, column: 1 }, message, 'Make one with: openssl rand -base64 32');
  return key;
}

function fieldOf({ user, userProfile, profile }: SettingsContext, { field }: AuthSection): Field | undefined {
  return (
    at(field, 'encryption_key') ??
    at(field, 'auth_encryption_key') ??
    at(field, 'persistence', 'auth_encryption_key') ??
    at(userProfile, 'security', 'token_encryption_key') ??
    at(user, 'security', 'token_encryption_key') ??
    at(profile, 'security', 'token_encryption_key')
  );
}

async function keyOfFile(
  { reader, cwd, env }: SettingsContext,
  path: string | undefined,
  file: string,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await readText(absolutePath(path, cwd, env))).trim();
  } catch {
    const message = 'The file with the token encryption key cannot be read';
    reader.problems.push(problem({ file, line: 1, column: 1 }, { rule: 'unreadable-file', message }));
    return undefined;
  }
}
