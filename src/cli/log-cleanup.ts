import type { Command } from 'commander';
import { cleanLog, type CleanResult } from '../audit/clean-log.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { openSite, siteKeys } from './open-site.js';
import { printResult } from './output.js';

interface CleanupOptions {
  readonly dryRun?: true;
}

function resultText({ deleted, bytes, unreadable }: CleanResult, dryRun: boolean): string {
  const megabytes = (bytes / 1e6).toFixed(1);
  const verb = dryRun ? 'would be deleted' : 'deleted';
  const summary =
    deleted.length === 0 ? 'Nothing to delete' : `${deleted.length} segments ${verb} (${megabytes} MB)`;
  return [summary, ...deleted, ...unreadable.map((name) => `${name}: kept, its end cannot be read`)].join(
    '\n',
  );
}

/** Deletes segments that are older than the site keeps them, on record. */
export async function logCleanup(context: Context, options: CleanupOptions): Promise<ExitCode> {
  const site = await openSite(context, { ignoreErrors: () => true });
  const dryRun = options.dryRun === true;
  const result = await cleanLog({ settings: site.project.audit, ...siteKeys(site, true) }, dryRun);
  return printResult(context, { ...result, dry_run: dryRun }, () => resultText(result, dryRun));
}

/** `mxcp log-cleanup`. */
export function configure(command: Command, invoke: Invoke): void {
  command
    .option('--dry-run', 'say what would be deleted')
    .action((options: CleanupOptions) => invoke((context) => logCleanup(context, options)));
}
