import { recordAuthEvent } from '../audit/describe-auth-event.js';
import { createDescriber } from '../audit/describe-call.js';
import type { AuditLog } from '../audit/audit-log.js';
import { openAuditLog } from '../audit/open-audit-log.js';
import { openStore } from '../auth/store/open-store.js';
import type { Store } from '../auth/store/store.js';
import type { AuthEvent } from '../model/auth-settings.js';
import type { Project } from '../model/project.js';
import type { OpenOptions } from './open-runtime.js';

/** The store of sign-in of a project, opened by its operator beside any server that has it open. */
export interface OperatorStore {
  readonly project: Project;
  readonly store: Store;
  /** Puts on record what the operator did. Rejects with `AUDIT_UNAVAILABLE`. */
  readonly record: (event: Omit<AuthEvent, 'outcome'>) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** How it is opened. */
export type OperatorOptions = Pick<OpenOptions, 'siteSecret' | 'stateDirectory'> & {
  readonly warn: (message: string, error: unknown) => void;
};

function openLog(project: Project, options: OperatorOptions): Promise<AuditLog> {
  const { siteSecret, stateDirectory, warn } = options;
  const { audit: settings } = project;
  return openAuditLog({ settings, siteSecret, stateDirectory, transport: 'cli', reserve: false, warn });
}

/** Opens the store of a project and its audit log. Rejects as these do. */
export async function openOperatorStore(project: Project, options: OperatorOptions): Promise<OperatorStore> {
  const { siteSecret, warn } = options;
  const { persistence: settings, previousKeys, encryptionKey } = project.auth;
  const audit = await openLog(project, options);
  try {
    const store = await openStore({
      settings,
      project: project.name,
      secret: siteSecret,
      previousSecrets: previousKeys,
      encryptionKey,
      origin: project.origin,
      warn,
    });
    const describer = createDescriber({ settings: project.audit, siteSecret, projectDigest: project.digest });
    return {
      project,
      store,
      record: (event) => recordAuthEvent(audit, describer, { ...event, outcome: 'success' }, 'cli'),
      close: async () => {
        try {
          await store.close();
        } finally {
          await audit.close();
        }
      },
    };
  } catch (error) {
    await audit.close();
    throw error;
  }
}
