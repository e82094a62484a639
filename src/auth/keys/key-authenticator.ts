import { CredentialInvalidError } from '../../errors.js';
import type { AuthEvent } from '../../model/auth-settings.js';
import type { Json } from '../../model/json.js';
import type { Authenticator } from '../authenticator.js';
import type { VerifiedIdentity } from '../identity.js';
import type { Store } from '../store/store.js';
import { looksLikeKey, parseKeyText } from './key-text.js';
import {
  isKey,
  readService,
  serviceKind,
  toJson,
  type ServiceRecord,
  type StoredKey,
} from './service-record.js';

/** What API keys are checked with. */
export interface KeyAuthenticatorOptions {
  readonly store: Store;
  /** Takes the warning that a key is about to expire. */
  readonly record: (event: AuthEvent) => Promise<void>;
  /** Hears that the use of a key could not be noted, which fails no call. */
  readonly warn: (message: string, error: unknown) => void;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
}

const noteUseEveryMs = 60_000;
const dayMs = 86_400_000;
const warnBeforeMs = 7 * dayMs;

/** Who a key says is calling: a service, never a person (spec page 06, "Ways in"). The key's id is its client. */
function identityOf({ name, roles, scopes }: ServiceRecord, { id, expiresAt }: StoredKey): VerifiedIdentity {
  return {
    source: 'key',
    provider: 'api-key',
    issuer: null,
    subject: `key:${name}`,
    key: `api-key|key:${name}`,
    userId: `key:${name}`,
    username: name,
    email: null,
    name: null,
    roles,
    claims: {},
    scopes,
    clientId: id,
    keyId: id,
    expiresAt,
  };
}

function expiryEvent({ name }: ServiceRecord, { id, expiresAt }: StoredKey): AuthEvent {
  return {
    event: 'key-expiry',
    outcome: 'success',
    provider: 'api-key',
    userKey: `api-key|key:${name}`,
    userId: `key:${name}`,
    username: name,
    clientId: id,
    details: { key_id: id, expires_at: new Date(expiresAt).toISOString() },
  };
}

/**
 * API keys as a way in: in `X-API-Key` or, by their prefix, as bearer tokens. The checksum is checked before anything is
 * looked up, and the stored hash in constant time. Use is noted at most once a minute, and that a key expires within seven
 * days is put on record once a day.
 */
export function createKeyAuthenticator(options: KeyAuthenticatorOptions): Authenticator {
  const { store, warn, now = Date.now } = options;
  return {
    recognises: ({ kind, value }) => kind === 'api-key' || (kind === 'bearer' && looksLikeKey(value)),
    verify: async ({ value }) => {
      const parsed = parseKeyText(value);
      if (parsed === undefined) throw new CredentialInvalidError('The API key is mistyped or no key at all');
      const record = readService(await store.get(serviceKind, parsed.service));
      const stored = record?.keys.find(({ id }) => id === parsed.id);
      if (!isKey(stored, value) || record === undefined || stored === undefined) {
        throw new CredentialInvalidError('The API key is unknown or was revoked');
      }
      if (stored.expiresAt <= now()) throw new CredentialInvalidError('The API key has expired');
      noteUse(options, parsed.service, stored, now()).catch((error: unknown) => {
        warn('The use of an API key could not be noted', error);
      });
      return identityOf(record, stored);
    },
  };
}

const needsNote = ({ lastUsedAt = 0 }: StoredKey, now: number): boolean => now - lastUsedAt >= noteUseEveryMs;

const needsWarning = ({ expiresAt, warnedAt = 0 }: StoredKey, now: number): boolean =>
  expiresAt - now <= warnBeforeMs && now - warnedAt >= dayMs;

/** One write says that the key is used and, where that is due, that somebody was told: of several servers, one tells. */
async function noteUse(
  { store, record }: KeyAuthenticatorOptions,
  service: string,
  used: StoredKey,
  now: number,
): Promise<void> {
  if (!needsNote(used, now)) return;
  let event: AuthEvent | undefined;
  await store.change(serviceKind, service, (old): Json | undefined => {
    event = undefined;
    const known = readService(old);
    if (known === undefined) return undefined;
    const keys = known.keys.map((key) => {
      if (key.id !== used.id) return key;
      if (!needsWarning(key, now)) return { ...key, lastUsedAt: now };
      event = expiryEvent(known, key);
      return { ...key, lastUsedAt: now, warnedAt: now };
    });
    return toJson({ ...known, keys });
  });
  if (event !== undefined) await record(event);
}
