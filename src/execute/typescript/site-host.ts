import { toMxcpError } from '../../errors.js';
import type { JsonObject } from '../../model/json.js';
import type { BodyHost } from './body-host.js';
import type { CallMessage } from './open-call.js';
import type { ToWorker } from './protocol.js';
import { HostileMessage } from './read-message.js';
import { memberText, serveLog } from './serve-ask.js';

/** The number under which plugins and hooks speak outside of any call. */
export const siteCall = 0;

/** Lines per second that plugins and hooks of one worker can log. */
const linesPerSecond = 200;

/** What the server does for plugins and hooks outside of a call: their `ctx` (spec page 08). */
export type SiteHost = Pick<BodyHost, 'secret' | 'log'>;

function answer(host: SiteHost, { ask, input }: CallMessage & { type: 'ask' }): ToWorker {
  try {
    const value: JsonObject = host.secret(memberText(input, 'name'));
    return { type: 'answer', call: siteCall, ask, value };
  } catch (error) {
    if (error instanceof HostileMessage) throw error;
    const { code, message } = toMxcpError(error);
    return { type: 'refusal', call: siteCall, ask, code, message };
  }
}

/** Answers the plugins and hooks of one worker. The function gives what to send back, and throws `HostileMessage`. */
export function createSiteAnswers(host: SiteHost): (message: CallMessage) => ToWorker | undefined {
  let second = -1;
  let left = 0;
  const mayLog = (): boolean => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) left = linesPerSecond;
    second = now;
    left -= 1;
    return left >= 0;
  };
  return (message) => {
    if (message.type === 'ask' && message.operation === 'secret') return answer(host, message);
    if (message.type !== 'tell' || message.operation !== 'log')
      throw new HostileMessage('A worker asked outside of a call for what only a call has');
    if (mayLog()) serveLog(host, message.input);
    return undefined;
  };
}
