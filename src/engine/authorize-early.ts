import type { Subject } from '../policy/subject.js';
import type { Operation } from './operation.js';
import { noteDecision, type Progress } from './progress.js';
import type { Runtime } from './runtime.js';

/**
 * Asks the rules that read no argument, so that a caller who may not call learns nothing about the arguments. Throws
 * `POLICY_DENIED`; a remote caller from whom the endpoint is hidden does not even learn that it exists.
 */
export function authorizeEarly(
  runtime: Runtime,
  progress: Progress,
  operation: Operation,
  subject: Subject,
): void {
  concealing(runtime, progress, operation, subject, () => {
    noteDecision(progress, operation.rules.early(subject), 'input');
  });
}

/**
 * Does a step of authorization. When it fails for a remote caller whom some rule denies whatever the arguments, it is
 * recorded as that denial, and answered as if there were no such endpoint: what a list does not show, a call does not
 * betray (spec page 04, "Seeing and calling").
 */
export function concealing<T>(
  runtime: Runtime,
  progress: Progress,
  operation: Operation,
  subject: Subject,
  step: () => T,
): T {
  try {
    return step();
  } catch (error) {
    const { transport } = subject.request;
    const remote = transport === 'http' || transport === 'stdio';
    const denial = operation.rules.hiddenBy(subject);
    if (!remote || denial === undefined || !runtime.project.policies.hideDenied) throw error;
    progress.hidden = true;
    if (progress.denial === undefined) noteDecision(progress, { denial, traces: [] }, 'input');
    throw error;
  }
}
