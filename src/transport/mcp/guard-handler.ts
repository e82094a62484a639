import { ProtocolError } from '@modelcontextprotocol/server';
import { toMxcpError } from '../../errors.js';
import { presentError, rpcCodes } from '../present-error.js';
import type { Session } from './session.js';

/**
 * Runs a protocol handler. What it throws on purpose is a `ProtocolError`; of anything else the SDK would send the text, so
 * that it is logged here and leaves as a fixed text.
 */
export async function guardHandler<T>(session: Session, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const { id } = session.context(undefined);
    session.logger.error({ err: error, request_id: id }, 'a protocol handler failed');
    const { text, meta } = presentError(toMxcpError(error), id);
    throw new ProtocolError(rpcCodes.internal, text, meta);
  }
}
