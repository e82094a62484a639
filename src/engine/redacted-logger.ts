import { createRedactor, type Redactor } from '../audit/redact.js';
import type { AuditSettings } from '../model/settings.js';
import type { TypeNode } from '../model/type-node.js';
import type { Logger } from './logger.js';

/** Bytes of a text, and of the fields of a line. */
const maxText = 32 * 1024;
const maxLine = 256 * 1024;
/** Errors that caused one another. */
const maxCauses = 8;

const noNodes: ReadonlyMap<string, TypeNode> = new Map();
const told: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause']);

/** An error that is shown as one of the same class, with its texts and fields redacted, its causes' too. */
function cleanError(redactor: Redactor, error: Error, depth = 0): unknown {
  const { name, message, stack = '', cause } = error;
  const others = Object.entries(error).filter(([key]) => !told.has(key));
  const fields = redactor.named(Object.fromEntries(others), noNodes);
  const texts = {
    constructor: error.constructor,
    name,
    message: redactor.text(message),
    stack: redactor.text(stack),
  };
  const because = cause instanceof Error && depth < maxCauses && cleanError(redactor, cause, depth + 1);
  const hidden = Object.getOwnPropertyDescriptors({ ...texts, ...(because !== false && { cause: because }) });
  for (const each of Object.values(hidden)) each.enumerable = false; // a log would show them twice
  const shown = Object.getOwnPropertyDescriptors(fields);
  return Object.create(Error.prototype, { ...shown, ...hidden });
}

function cleanFields(redactor: Redactor, fields: object): object {
  const entries = Object.entries(fields).map(([key, value]: [string, unknown]) => {
    if (value instanceof Error) return [key, cleanError(redactor, value)];
    return [key, redactor.named({ [key]: value }, noNodes)[key]];
  });
  return Object.fromEntries(entries) as object;
}

/** A log in which nothing looks like a secret: the redaction of the audit log serves it, too (spec page 05, "Redaction"). */
export function redactedLogger(logger: Logger, audit: AuditSettings): Logger {
  const redactor = createRedactor({ ...audit, maxValueBytes: maxText, maxRecordBytes: maxLine }, undefined);
  const at =
    (level: keyof Logger): Logger['info'] =>
    (fields, message) =>
      logger[level](cleanFields(redactor, fields), redactor.text(message));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
