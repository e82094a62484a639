import type { Logger } from '../../engine/logger.js';
import type { Runtime } from '../../engine/runtime.js';
import type { MxcpError } from '../../errors.js';
import type { Caller } from '../../model/caller.js';
import type { RequestContext } from '../../model/call.js';
import type { RateState } from '../../model/outcome.js';
import type { Era } from './era.js';

/** Everything that the protocol handlers know about whom they serve: one HTTP request, or one stdio connection. */
export interface Session {
  /** The runtime that serves now; a reload changes it between two messages of one connection. */
  readonly runtime: () => Runtime;
  readonly caller: Caller;
  readonly era: Era;
  readonly logger: Logger;
  /** The context of one message, by its raw `params._meta` and `clientInfo` of the handshake. */
  readonly context: (meta: unknown) => RequestContext;
  /** The connection stays while a call runs, so that the client of an older revision can be asked (stdio). */
  readonly asks?: true;
  /** Hears what is left of the limits on a call; absent where nobody is told. */
  readonly noteRate?: (rate: RateState) => void;
  /** Takes a failure that the transport tells in its own way (HTTP 401, 403, 429); absent where it has none. */
  readonly refuse?: (error: MxcpError, callId: string) => void;
}

/** A session before the SDK or the direct path have decided how its message is answered. */
export type BaseSession = Omit<Session, 'era' | 'refuse'>;
