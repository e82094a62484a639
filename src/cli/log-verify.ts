import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { verifyLog } from '../audit/verify-log.js';
import { UsageError } from '../errors.js';
import { secretFile } from '../project/site-secret.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { openSite, siteKeys, type Site } from './open-site.js';
import { printResult } from './output.js';
import { answerText, verifyText } from './verify-text.js';

interface VerifyOptions {
  readonly head?: readonly string[];
  readonly publicKey?: string;
}

function readGiven(context: Context, option: string, file: string): string {
  const path = resolve(context.world.cwd, file);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`The file of ${option} cannot be read: ${path}`, { cause: error });
  }
}

/** Someone who verifies need not have the site secret: then only what it proves cannot be said. */
function keysOf(site: Site): { readonly siteSecret?: string; readonly stateDirectory?: string } {
  const file = secretFile(site.project.name, site.env);
  const configured = site.project.secretKey ?? site.env['MXCP_SECRET_KEY'];
  return configured !== undefined || existsSync(file)
    ? siteKeys(site, false)
    : { stateDirectory: dirname(file) };
}

/** Says whether the log is what was written; exit code 4 when something was changed or is gone. */
export async function logVerify(
  context: Context,
  { head = [], publicKey }: VerifyOptions,
): Promise<ExitCode> {
  const site = await openSite(context, { ignoreErrors: () => true });
  const { siteSecret, stateDirectory } = keysOf(site);
  const { path, signingKey } = site.project.audit;
  for (const file of head) readGiven(context, '--head', file);
  const report = verifyLog({
    path,
    stateDirectory,
    heads: head.map((file) => resolve(context.world.cwd, file)),
    keys: {
      siteSecret,
      previousSecrets: site.project.auth.previousKeys,
      signingKey: publicKey === undefined ? signingKey : undefined,
      publicKey: publicKey === undefined ? undefined : readGiven(context, '--public-key', publicKey),
    },
  });
  const empty = report.segments === 0 && report.findingCount === 0;
  const failed = empty || report.answer === 'broken' || report.answer === 'missing';
  const text = empty ? `nothing to verify: no segment at ${path}` : answerText(report);
  return printResult(context, { ...report, text }, () => verifyText(report, text), failed ? 4 : 0);
}

/** `mxcp log verify`. */
export function configureLogVerify(command: Command, invoke: Invoke): void {
  const summary = 'Check that nothing in the log was changed and nothing is missing';
  command
    .summary(summary)
    .description(summary)
    .option('--head <file...>', 'heads that were kept elsewhere')
    .option('--public-key <file>', 'check Ed25519 signatures with this key (PEM)')
    .action((options: VerifyOptions) => invoke((context) => logVerify(context, options)));
}
