import { AuthUnavailableError, isMxcpError } from '../../errors.js';

/** Runs work on a store; what its engine throws becomes `AUTH_UNAVAILABLE`, whose text names the store and no value. */
export async function asUnavailable<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isMxcpError(error)) throw error;
    const detail = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new AuthUnavailableError(`The store ${name} cannot be used now${detail}`, { cause: error });
  }
}
