import type { Json, JsonObject } from '../../model/json.js';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** What the server does for a body while one call runs: everything that `ctx` can reach. Failures are of the closed union. */
export interface BodyHost {
  /** Rows of the last statement. `params`: by name, or in order. */
  readonly query: (sql: string, params: JsonObject | readonly Json[]) => Promise<readonly JsonObject[]>;
  readonly secret: (name: string) => JsonObject;
  /** The caller's own token at the identity provider; undefined where there is none for bodies. */
  readonly externalToken: () => Promise<string | undefined>;
  readonly elicit: (question: { key: string; schema: JsonObject; message: string }) => Promise<Json>;
  readonly callEndpoint: (name: string, args: JsonObject) => Promise<Json>;
  /** Takes a lot of the list that the body returned; false when no more of it is wanted. */
  readonly takeRows: (items: readonly Json[]) => boolean | Promise<boolean>;
  readonly log: (level: LogLevel, message: string, data: Json) => void;
  readonly progress: (done: number, total: number | undefined, message: string | undefined) => void;
  /** What is to be on record of the call. */
  readonly businessEvent: (event: JsonObject) => void;
  readonly fetchStarted: (id: number, method: string, url: string) => void;
  readonly fetchEnded: (id: number, status: number, durationMs: number) => void;
  /** What a body says beside its result, without the token that it was given. */
  readonly hide: <T>(said: T) => T;
}
