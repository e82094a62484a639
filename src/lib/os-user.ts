import { userInfo } from 'node:os';

/** The name of the user that this process runs as; null for a user id without an account, as containers have it. */
export function osUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
