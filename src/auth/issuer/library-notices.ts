import { stripVTControlCharacters } from 'node:util';

type Warn = (message: string, error: unknown) => void;
type Print = (...parts: unknown[]) => void;

/** What the library says begins so; on a terminal it comes in colours. */
const notice = /^oidc-provider (?:WARNING|NOTICE): (.*)/s;

let warn: Warn | undefined;

function routed(print: Print): Print {
  return (...parts) => {
    const [first] = parts;
    const said = typeof first === 'string' ? notice.exec(stripVTControlCharacters(first))?.[1] : undefined;
    if (said === undefined || warn === undefined) print(...parts);
    else warn(`The authorization server's library says: ${said}`, undefined);
  };
}

/**
 * Brings what the authorization server's library writes to the console into the log, whose lines have a form. To be called
 * before the library is loaded, because it speaks already then; of several servers in a process the last one hears.
 */
export function routeLibraryNotices(hears: Warn): void {
  const { console: output } = globalThis;
  if (warn === undefined) {
    output.warn = routed(output.warn.bind(output));
    output.info = routed(output.info.bind(output));
  }
  warn = hears;
}
