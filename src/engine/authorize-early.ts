import { PolicyDeniedError } from '../errors.js';
import type { Subject } from '../policy/subject.js';
import type { Operation } from './operation.js';
import { noteDecision, type Progress } from './progress.js';

/**
 * Asks the rules that read no argument, so that a caller who may not call learns nothing about the arguments. Remote
 * callers from whom the endpoint is hidden do not even learn that it exists. Throws `POLICY_DENIED`.
 */
export function authorizeEarly(progress: Progress, operation: Operation, subject: Subject): void {
  try {
    noteDecision(progress, operation.rules.early(subject), 'input');
  } catch (error) {
    const { transport } = subject.request;
    const remote = transport === 'http' || transport === 'stdio';
    progress.hidden = remote && error instanceof PolicyDeniedError && !operation.rules.visible(subject);
    throw error;
  }
}
