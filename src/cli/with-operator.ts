import type { OperatorOptions } from '../engine/operator-store.js';
import type { Project } from '../model/project.js';
import type { Context, ExitCode } from './context.js';
import { createQuietLogger } from './logger.js';
import { openSite, siteKeys, type Site } from './open-site.js';

/** Opens a part of what an operator does. */
export type OpenOperator<T> = (project: Project, options: OperatorOptions) => Promise<T>;

/** Opens the store of the site for one command. A server that runs has the same store open, and may. */
export async function withOperator<T extends { close(): Promise<void> }>(
  context: Context,
  open: OpenOperator<T>,
  work: (opened: T, site: Site) => Promise<ExitCode>,
): Promise<ExitCode> {
  const site = await openSite(context, { ignoreErrors: () => true });
  const logger = createQuietLogger(context, site.project.logging);
  // Replicas that share a store must share the secret: one that was made up here would lock the others out.
  const mayGenerate = site.project.auth.persistence.type === 'sqlite';
  const opened = await open(site.project, {
    ...siteKeys(site, mayGenerate),
    warn: (message, err) => {
      logger.warn({ err }, message);
    },
  });
  try {
    return await work(opened, site);
  } finally {
    await opened.close();
  }
}
