import type { Gate } from '../limit/gate.js';
import type { Endpoint } from '../model/endpoint.js';
import type { JsonObject } from '../model/json.js';
import type { EndpointRules } from '../policy/compile-rules.js';
import type { Subject } from '../policy/subject.js';
import type { ResultCheck } from '../validate/result.js';
import type { Executor } from './executor.js';

/** An endpoint made ready to run: everything that does not depend on a call has been done. */
export interface Operation {
  readonly endpoint: Endpoint;
  /** What rules see of the endpoint. */
  readonly subject: Subject['endpoint'];
  /** Advertised schema of the arguments; the one that is enforced (spec page 03). Computed on first use. */
  readonly inputSchema: () => JsonObject;
  /** Advertised schema of the result, true under all rules; undefined without a `return`. Computed on first use. */
  readonly outputSchema: () => JsonObject | undefined;
  /** Raw → canonical arguments. Throws `CALL_INVALID_ARGUMENTS`. */
  readonly bind: (raw: unknown) => JsonObject;
  readonly rules: EndpointRules;
  readonly executor: Executor;
  readonly result: ResultCheck;
  /** Bounds the calls of this endpoint at once, when `limits.concurrency` does. */
  readonly gate: Gate | undefined;
}
