import type { Problem } from '../errors.js';
import { variable, type Environment } from './expand.js';
import { at, booleanOf, stringOf, type Field } from './field.js';
import { resolveFileReference } from './file-reference.js';
import { mapScalars, type FieldPath } from './map-field.js';
import { openOnePassword } from './onepassword.js';
import { problemOf } from './problems.js';
import { absolutePath } from './site-paths.js';
import { openVault } from './vault.js';
import { dirname } from 'node:path';
import { readText } from './yaml-file.js';

/** Gives the value of a reference, or throws an Error whose message names no value. */
export type Resolver = (reference: string, namedIn: Field) => Promise<string>;

/** True for a text that says where a secret is, instead of the secret. */
export const isReference = (text: string): boolean => /^(file|vault|op):\/\//.test(text);

/** Replaces secret references (`file://`, `vault://`, `op://`) in the texts for which `isActive` holds. */
export async function resolveReferences(
  root: Field,
  resolve: Resolver,
  isActive: (path: FieldPath) => boolean,
): Promise<{ readonly root: Field; readonly problems: readonly Problem[] }> {
  const wanted: Field[] = [];
  const paths = new Map<Field, Promise<string>>();
  mapScalars(root, (field, path) => {
    if (typeof field.data === 'string' && isReference(field.data) && isActive(path)) wanted.push(field);
    return field;
  });
  for (const field of wanted) paths.set(field, resolve(stringOf(field) ?? '', field));
  const settled = await Promise.allSettled(paths.values());
  const values = new Map([...paths.keys()].map((field, index) => [field, settled[index]]));
  const problems = [...values].flatMap(([field, result]) =>
    result?.status === 'rejected' ? [unresolved(field, result.reason)] : [],
  );
  const replaced = mapScalars(root, (field) => {
    const result = values.get(field);
    return result?.status === 'fulfilled' ? { ...field, data: result.value, replaced: true } : field;
  });
  return { root: replaced, problems };
}

const remedies: Readonly<Record<string, string>> = {
  file: 'Make the file, or correct the path: after file:// an absolute one begins with /, any other with the folder of this file.',
};

function unresolved(field: Field, reason: unknown): Problem {
  const scheme = (stringOf(field) ?? '').split(':')[0] ?? '';
  const why = reason instanceof Error ? reason.message : 'unknown error';
  return problemOf(field, {
    rule: 'unresolved-reference',
    message: `This ${scheme}:// reference cannot be resolved: ${why}`,
    remedy: remedies[scheme],
  });
}

/** The resolvers that a user config sets up. Clients are opened at the first reference that needs them. */
export function referenceResolver(user: Field | undefined, env: Environment): Resolver {
  let vault: Promise<(reference: string) => Promise<string>> | undefined;
  let onePassword: Promise<(reference: string) => Promise<string>> | undefined;
  return async (reference, namedIn) => {
    if (reference.startsWith('file://'))
      return await resolveFileReference(reference, namedIn.source.path, env);
    if (reference.startsWith('vault://')) return await (await (vault ??= vaultFrom(user, env)))(reference);
    return await (
      await (onePassword ??= onePasswordFrom(user, env))
    )(reference);
  };
}

async function vaultFrom(
  user: Field | undefined,
  env: Environment,
): Promise<(reference: string) => Promise<string>> {
  const section = at(user, 'vault');
  if (section === undefined || booleanOf(at(section, 'enabled')) === false) {
    throw new Error('the user config has no `vault` section, or it is switched off');
  }
  const address = stringOf(at(section, 'address')) ?? variable(env, 'VAULT_ADDR');
  if (address === undefined) throw new Error('`vault.address` is missing');
  const name = stringOf(at(section, 'token_env')) ?? 'VAULT_TOKEN';
  const token = variable(env, name) ?? (await tokenFile(section, env));
  if (token === undefined || token === '')
    throw new Error(`there is no token: set ${name}, or \`vault.token_path\``);
  const namespace = stringOf(at(section, 'namespace')) ?? variable(env, 'VAULT_NAMESPACE');
  return openVault({ address, token, ...(namespace !== undefined && { namespace }) });
}

async function tokenFile(section: Field, env: Environment): Promise<string | undefined> {
  const path = stringOf(at(section, 'token_path'));
  if (path === undefined) return undefined;
  try {
    return (await readText(absolutePath(path, dirname(section.source.path), env))).trim();
  } catch (error) {
    throw new Error('`vault.token_path` cannot be read', { cause: error });
  }
}

async function onePasswordFrom(
  user: Field | undefined,
  env: Environment,
): Promise<(reference: string) => Promise<string>> {
  const section = at(user, 'onepassword');
  if (section === undefined || booleanOf(at(section, 'enabled')) === false) {
    throw new Error('the user config has no `onepassword` section, or it is switched off');
  }
  const name = stringOf(at(section, 'token_env')) ?? 'OP_SERVICE_ACCOUNT_TOKEN';
  const token = stringOf(at(section, 'service_account_token')) ?? variable(env, name);
  if (token === undefined || token === '') throw new Error(`there is no service account token: set ${name}`);
  return await openOnePassword(token);
}
