import {
  createKey,
  listKeys,
  revokeKeys,
  rotateKey,
  type KeyInfo,
  type KeyRequest,
  type NewKey,
} from '../auth/keys/manage-keys.js';
import type { Store } from '../auth/store/store.js';
import { UsageError } from '../errors.js';
import type { AuthEventName } from '../model/auth-settings.js';
import type { Json } from '../model/json.js';
import type { Project } from '../model/project.js';
import { guess } from './guess.js';
import { requiredBy } from './scope-rules.js';
import { openOperatorStore, type OperatorOptions, type OperatorStore } from './operator-store.js';

/** What an operator does with API keys and with the store that they are in, beside any server that has it open. */
export interface OperatorKeys {
  /** Every scope that something in the site asks for, sorted. */
  readonly scopes: readonly string[];
  /** Rejects with `USAGE_INVALID` when the name is taken, or when a role or a scope means nothing in the site. */
  create(request: Omit<KeyRequest, 'scopes'> & { readonly scopes?: readonly string[] }): Promise<NewKey>;
  list(): Promise<readonly KeyInfo[]>;
  rotate(name: string, times: { readonly expiresAt: number; readonly retireAt: number }): Promise<NewKey>;
  /** Rejects with `USAGE_INVALID` when there is no such key. */
  revoke(nameOrId: string): Promise<readonly KeyInfo[]>;
  /** Writes every record again under the current key; says how many were under another one. */
  rotateEncryption(): Promise<number>;
  close(): Promise<void>;
}

/** Opens the store of a project and its audit log. Rejects as these do. */
export async function openOperatorKeys(project: Project, options: OperatorOptions): Promise<OperatorKeys> {
  return operations(await openOperatorStore(project, options));
}

function operations(parts: OperatorStore): OperatorKeys {
  const { project, store, record, close } = parts;
  return {
    scopes: scopesAskedBy(project),
    create: async ({ scopes, ...request }) => {
      checkRoles(project, request.roles);
      checkScopes(project, scopes ?? []);
      checkAllowed(project, request.roles, scopes ?? []);
      return recorded(parts, 'key-create', () =>
        createKey(store, { ...request, scopes: scopesFor(project, request.roles, scopes) }),
      );
    },
    list: () => listKeys(store),
    rotate: (name, times) => recorded(parts, 'key-rotate', () => rotateKey(store, name, times)),
    revoke: async (nameOrId) => {
      const gone = await revokeKeys(store, nameOrId);
      for (const info of gone) await record({ event: 'key-revoke', details: detailsOf(info) });
      if (gone.length === 0) throw await unknownKey(store, nameOrId);
      return gone;
    },
    rotateEncryption: async () => {
      const records = await store.reseal();
      await record({ event: 'encryption-rotate', details: { records } });
      return records;
    },
    close,
  };
}

/** Without scopes, a key may what its roles allow, where the site says what roles allow; else nothing that needs a scope. */
function scopesFor(
  { authorization }: Project,
  roles: readonly string[],
  scopes: readonly string[] | undefined,
): KeyRequest['scopes'] {
  if (scopes !== undefined) return [...new Set(scopes)];
  return authorization.roles !== undefined && roles.length > 0 ? 'by-roles' : [];
}

function detailsOf({ id, name, roles, scopes, expiresAt }: KeyInfo): Record<string, Json> {
  return { key_id: id, name, roles, scopes, expires_at: new Date(expiresAt).toISOString() };
}

/** A key that is not on record is not given to anybody: it is taken back. */
async function recorded(
  { store, record }: OperatorStore,
  event: AuthEventName,
  make: () => Promise<NewKey>,
): Promise<NewKey> {
  const made = await make();
  try {
    await record({ event, details: detailsOf(made.info) });
    return made;
  } catch (error) {
    await revokeKeys(store, made.info.id);
    throw error;
  }
}

function checkRoles({ authorization }: Project, roles: readonly string[]): void {
  const known = authorization.roles?.map(({ name }) => name);
  const wrong = roles.find((role) => known?.includes(role) === false);
  if (wrong === undefined || known === undefined) return;
  throw new UsageError(`The site has no role ${wrong}${guess(wrong, known)}`);
}

/** A scope that nothing asks for is a slip: it would give nothing. */
function checkScopes(project: Project, scopes: readonly string[]): void {
  const known = scopesAskedBy(project);
  const wrong = scopes.find((scope) => !known.includes(scope));
  if (wrong !== undefined)
    throw new UsageError(`Nothing in the site asks for the scope ${wrong}${guess(wrong, known)}`);
}

/** Roles bound what a key may on every request: a scope that none of its roles allows would give nothing. */
function checkAllowed({ authorization }: Project, roles: readonly string[], scopes: readonly string[]): void {
  const known = authorization.roles;
  // Roles that `assign` gives are not known before a call.
  if (known === undefined || authorization.assign.length > 0) return;
  const held = new Set(roles);
  for (const name of held)
    for (const more of known.find((role) => role.name === name)?.includes ?? []) held.add(more);
  const allowed = known.flatMap((role) => (held.has(role.name) ? (role.scopes ?? []) : []));
  const wrong = scopes.find((scope) => !allowed.includes(scope));
  if (wrong === undefined) return;
  const able = known.filter((role) => role.scopes?.includes(wrong) === true).map(({ name }) => name);
  const remedy =
    able.length === 0 ? 'no role of the site does' : `add --role ${able.slice(0, 5).join(' or ')}`;
  throw new UsageError(`No role of this key allows the scope ${wrong}: ${remedy}`);
}

function scopesAskedBy(project: Project): string[] {
  const { requiredScopes } = project.authorization.scopes;
  const asked = project.endpoints.flatMap((endpoint) => requiredBy(endpoint, project));
  return [...new Set([...asked, ...requiredScopes])].sort();
}

async function unknownKey(store: Store, nameOrId: string): Promise<UsageError> {
  const names = [...new Set((await listKeys(store)).map(({ name }) => name))];
  return new UsageError(`There is no key ${nameOrId}${guess(nameOrId, names)}`);
}
