import type { JsonObject } from '../model/json.js';
import type { RenderedMessage } from '../model/outcome.js';
import type { Executor } from './executor.js';

/** Renders a prompt's messages; nothing can be left behind. */
export function promptExecutor(render: (args: JsonObject) => readonly RenderedMessage[]): Executor {
  return {
    recordsIntent: false,
    execute: (args) => {
      const response = render(args).map(({ role, text }) => ({ role, text }));
      return Promise.resolve({ response, blob: false, truncated: false, settle: () => Promise.resolve() });
    },
  };
}
