import type { Caller } from '../../model/caller.js';
import type { Json } from '../../model/json.js';
import { string, stringList, timestamp, type CelType } from './cel-type.js';
import type { Frame } from './frame.js';
import { allScopes, createInstant, identityValue, nullIdentity, type Value } from './value.js';

/** A field of `user`, `request` or `endpoint`. */
export interface ContextField {
  readonly type: CelType;
  readonly read: (frame: Frame) => Value;
  /** What the use of this field means for the whole condition (see `Reads`). */
  readonly reads?: 'volatileRequest' | 'provider' | 'subject';
}

const identity: CelType = { kind: 'string', nullable: true, identity: true };

type IdentityName = 'key' | 'userId' | 'username' | 'email' | 'name' | 'provider';

function identityField(name: IdentityName, reads?: ContextField['reads']): ContextField {
  const read = (frame: Frame): Value => frame.subject.caller[name] ?? nullIdentity;
  return reads ? { type: identity, read, reads } : { type: identity, read };
}

function listField(name: 'roles' | 'permissions' | 'groups' | 'capabilities'): ContextField {
  const marks = { capabilities: name === 'capabilities', roles: name === 'roles' };
  const type = { ...stringList, ...marks };
  return { type, read: (frame) => frame.subject.caller[name] };
}

const claimsOf = new WeakMap<Caller, Value>();

function readClaims(frame: Frame): Value {
  const { caller } = frame.subject;
  const known = claimsOf.get(caller);
  if (known !== undefined) return known;
  const claims = identityValue(caller.claims);
  claimsOf.set(caller, claims);
  return claims;
}

function readScopes(frame: Frame): Value {
  const { scopes } = frame.subject.caller;
  return scopes === 'all' ? allScopes : scopes;
}

/** The fields of `user`. There are no others. */
export const userFields: ReadonlyMap<string, ContextField> = new Map([
  ['key', identityField('key')],
  ['user_id', identityField('userId', 'subject')],
  ['id', identityField('userId', 'subject')],
  ['username', identityField('username', 'subject')],
  ['email', identityField('email')],
  ['name', identityField('name')],
  ['provider', identityField('provider', 'provider')],
  ['role', { type: { ...string, roles: true }, read: (frame) => frame.subject.caller.role }],
  ['roles', listField('roles')],
  ['permissions', listField('permissions')],
  ['groups', listField('groups')],
  ['capabilities', listField('capabilities')],
  ['scopes', { type: stringList, read: readScopes }],
  ['claims', { type: { kind: 'map' }, read: readClaims }],
]);

const clientType: CelType = {
  kind: 'map',
  nullable: true,
  closed: true,
  fields: new Map([
    ['name', string],
    ['version', string],
  ]),
};

/** The fields of `request`. */
export const requestFields: ReadonlyMap<string, ContextField> = new Map<string, ContextField>([
  ['transport', { type: string, read: (frame) => frame.subject.request.transport }],
  ['client', { type: clientType, read: (frame) => frame.subject.request.client ?? null }],
  [
    'ip',
    {
      type: { kind: 'string', nullable: true },
      read: (frame) => frame.subject.request.ip ?? null,
      reads: 'volatileRequest',
    },
  ],
  [
    'headers',
    {
      type: { kind: 'map', item: string },
      read: (frame) => frame.subject.request.headers,
      reads: 'volatileRequest',
    },
  ],
  [
    'time',
    {
      type: timestamp,
      read: (frame) => createInstant(BigInt(Math.trunc(frame.subject.request.time))),
      reads: 'volatileRequest',
    },
  ],
  ['id', { type: string, read: (frame) => frame.subject.request.id, reads: 'volatileRequest' }],
]);

/** The fields of `endpoint`. */
export const endpointFields: ReadonlyMap<string, ContextField> = new Map<string, ContextField>([
  ['kind', { type: string, read: (frame) => frame.subject.endpoint.kind }],
  ['name', { type: string, read: (frame) => frame.subject.endpoint.name }],
  ['tags', { type: stringList, read: (frame) => frame.subject.endpoint.tags }],
]);

/** The names that every condition gives a meaning to; a parameter of such a name is reached as `args.<name>`. */
export const contextNames: ReadonlySet<string> = new Set([
  'user',
  'args',
  'request',
  'endpoint',
  'response',
  'row',
]);

/** The result of the body, or one item of it, as it is. */
export function readResult(frame: Frame, name: 'response' | 'row'): Json {
  return frame[name];
}
