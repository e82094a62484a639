import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

/** Ties a form to the session or interaction that it was made for, so that no other page can send it. */
export interface FormTokens {
  make(place: string): string;
  check(place: string, token: unknown): boolean;
}

/** Form tokens: HMAC-SHA256 over the place; several keys while one is being rotated, the first one makes. */
export function createFormTokens(keys: readonly [KeyObject, ...KeyObject[]]): FormTokens {
  const sign = (key: KeyObject, place: string): Buffer => createHmac('sha256', key).update(place).digest();
  return {
    make: (place) => sign(keys[0], place).toString('base64url'),
    check: (place, token) => {
      if (typeof token !== 'string') return false;
      const given = Buffer.from(token, 'base64url');
      return keys.some((key) => {
        const wanted = sign(key, place);
        return wanted.length === given.length && timingSafeEqual(wanted, given);
      });
    },
  };
}
