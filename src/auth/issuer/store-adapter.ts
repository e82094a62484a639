import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import type { PutOptions, Store } from '../store/store.js';
import { groupOf } from './groups.js';
import { collectionOf } from './collection.js';

/** How long, and how often, a refresh token that was rotated works again (spec page 06): clients lose answers. */
export interface ReplayRules {
  readonly graceMs: number;
  readonly times: number;
  /** Runs before the answer of a replay that is let through. */
  readonly onReplay: (token: AdapterPayload) => void;
  /** Runs before the answer of one that is not, after all that the grant gave has ended. */
  readonly onReuse: (token: AdapterPayload) => void;
}

/** Milliseconds since the Unix epoch, beside what the library keeps: its `consumed` has seconds. */
interface Spent extends AdapterPayload {
  readonly spentAt?: number;
  readonly replays?: number;
}

const sessionIndex = 'oauth:SessionUid';

/** The store's kind of a model of the library. */
export function kindOf(model: string): string {
  return `oauth:${model}`;
}

function groupsOf(model: string, { grantId, accountId, clientId, jti }: AdapterPayload): string[] {
  if (model === 'Interaction') return [];
  const grant = model === 'Grant' ? jti : grantId;
  return [
    ...(grant === undefined ? [] : [groupOf.grant(grant)]),
    ...(accountId === undefined ? [] : [groupOf.user(accountId)]),
    ...(clientId === undefined ? [] : [groupOf.client(clientId)]),
  ];
}

function replayable(model: string, { spentAt, replays = 0 }: Spent, rules: ReplayRules): boolean {
  return (
    model === 'RefreshToken' &&
    spentAt !== undefined &&
    Date.now() - spentAt < rules.graceMs &&
    replays < rules.times
  );
}

/**
 * Keeps one model of the library in the store. What belongs to a grant is in its group, so that one removal ends all of it;
 * codes are spent once, also when two requests race; rotated refresh tokens come back unspent as far as the rules allow.
 */
export function createAdapter(model: string, store: Store, rules: ReplayRules): Adapter {
  const records = collectionOf<Spent>(store, kindOf(model));
  const index = collectionOf<string>(store, sessionIndex);

  async function find(id: string): Promise<AdapterPayload | undefined> {
    const found = await records.get(id);
    if (found?.spentAt === undefined || !replayable(model, found, rules)) return found;
    return { ...found, consumed: undefined };
  }

  async function consume(id: string): Promise<void> {
    // The store runs the function again when somebody else wrote meanwhile, and takes what it throws for its own failure.
    const seen = { allowed: false, before: undefined as number | undefined };
    const now = Date.now();
    const token = await records.change(id, (old) => {
      seen.before = old.spentAt;
      seen.allowed = old.spentAt === undefined || replayable(model, old, rules);
      if (!seen.allowed) return old;
      const { spentAt = now, replays = -1 } = old;
      return { ...old, consumed: Math.floor(now / 1000), spentAt, replays: replays + 1 };
    });
    if (token === undefined) throw new errors.InvalidGrant('it was used or revoked');
    if (!seen.allowed) {
      // The library looks whether it was used before this, so two at a time are both let in until here.
      if (token.grantId !== undefined) await store.removeGroup(groupOf.grant(token.grantId));
      rules.onReuse(token);
      throw new errors.InvalidGrant('it was used or revoked');
    }
    if (seen.before !== undefined) rules.onReplay(token);
  }

  return {
    find,
    consume,
    upsert: async (id, payload, expiresIn) => {
      const options: PutOptions = {
        groups: groupsOf(model, payload),
        ...(expiresIn !== undefined && { expiresAt: Date.now() + expiresIn * 1000 }),
      };
      await records.put(id, payload, options);
      if (model === 'Session' && payload.uid !== undefined) await index.put(payload.uid, id, options);
    },
    findByUid: async (uid) => {
      const id = await index.get(uid);
      return id === undefined ? undefined : find(id);
    },
    findByUserCode: () => Promise.resolve(undefined),
    destroy: async (id) => {
      await records.remove(id);
    },
    revokeByGrantId: (grantId) => store.removeGroup(groupOf.grant(grantId)),
  };
}
