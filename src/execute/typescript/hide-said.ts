import type { BodyHost } from './body-host.js';
import type { FromWorker } from './protocol.js';

/** A message of a worker, of which what is said beside a result has gone through `hide`. */
export function hideSaid(message: FromWorker, hide: BodyHost['hide']): FromWorker {
  switch (message.type) {
    case 'tell':
      return { ...message, input: hide(message.input) };
    case 'ask':
      return message.operation === 'elicit' ? { ...message, input: hide(message.input) } : message;
    case 'failed':
    case 'fatal':
      return { ...message, failure: hide(message.failure) };
    case 'loaded':
    case 'done':
      return message;
  }
}
