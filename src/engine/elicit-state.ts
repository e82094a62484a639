import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ElicitStateError } from '../errors.js';
import { canonicalJson } from '../lib/canonical-json.js';
import { deriveKey } from '../lib/keys.js';
import type { Json } from '../model/json.js';
import { spentStates, type SpentStates } from './spent-states.js';

/** What a state belongs to. A state of another caller, client, project, endpoint or other arguments does not open. */
export interface StateBinding {
  readonly caller: string | null;
  readonly clientId: string | null;
  /** What the client calls itself. */
  readonly clientName: string | null;
  readonly project: string;
  readonly endpoint: string;
  /** Canonical. */
  readonly arguments: Json;
}

/** A question by its key, and a digest of what the human was shown. */
export interface Asked {
  readonly key: string;
  readonly shown: string;
}

/** What is known when a question was asked: the question, and the answers before it. */
export interface ElicitState {
  readonly asked: Asked;
  readonly answers: readonly (Asked & { readonly answer: Json })[];
}

/** Turns what is known between two rounds of a call into a text that travels through the client, and back. */
export interface ElicitStates {
  readonly seal: (binding: StateBinding, state: ElicitState) => string;
  /** Opens a text, once. Throws `ElicitStateError` for one that is forged, altered, foreign, expired or used. */
  readonly open: (binding: StateBinding, text: string) => ElicitState;
}

/** How long a state holds, milliseconds. */
export const stateLifetimeMs = 10 * 60_000;
const ivBytes = 12;
const tagBytes = 16;
const maxLength = 64 * 1024;
const cipher = 'aes-256-gcm';

interface Sealed extends ElicitState {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly expires: number;
}

/** Throws `ElicitStateError`, for every reason in the same words. */
export function refuseState(): never {
  throw new ElicitStateError(
    'The question is not open any more, or was asked in another call; call again without state',
  );
}

/**
 * States encrypted and authenticated with AES-256-GCM (spec page 08, "Elicitation"). The binding is authenticated with
 * them and does not travel. They hold for ten minutes and open once, also after a reload.
 */
export function createElicitStates(
  siteSecret: string,
  now: () => number = Date.now,
  spent: SpentStates = spentStates,
): ElicitStates {
  const key = deriveKey(siteSecret, 'elicitation');
  const aad = (binding: StateBinding): Buffer => Buffer.from(canonicalJson(binding));
  const decrypt = (binding: StateBinding, text: string): Sealed => {
    const bytes = Buffer.from(text, 'base64url');
    if (text.length > maxLength || bytes.length < ivBytes + tagBytes) refuseState();
    const opener = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
    opener.setAAD(aad(binding)).setAuthTag(bytes.subarray(-tagBytes));
    try {
      const plain = [opener.update(bytes.subarray(ivBytes, -tagBytes)), opener.final()];
      return JSON.parse(Buffer.concat(plain).toString()) as Sealed;
    } catch {
      return refuseState();
    }
  };
  return {
    seal: (binding, state) => {
      const iv = randomBytes(ivBytes);
      const sealed: Sealed = {
        ...state,
        id: randomBytes(16).toString('base64url'),
        expires: now() + stateLifetimeMs,
      };
      const sealer = createCipheriv(cipher, key, iv, { authTagLength: tagBytes }).setAAD(aad(binding));
      const body = [iv, sealer.update(JSON.stringify(sealed)), sealer.final(), sealer.getAuthTag()];
      const text = Buffer.concat(body).toString('base64url');
      if (text.length > maxLength)
        throw new ElicitStateError('The answers of this call are too large to be kept');
      return text;
    },
    open: (binding, text) => {
      const { id, expires, asked, answers } = decrypt(binding, text);
      if (expires <= now() || !spent.spend(id, expires, now())) refuseState();
      return { asked, answers };
    },
  };
}
