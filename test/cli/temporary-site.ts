import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mxcp, type Ran, type RunOptions } from './run-in-process.js';

/** A site in a folder of its own, with a home folder of its own. */
export interface TemporarySite {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mxcp: (args: readonly string[], options?: RunOptions) => Promise<Ran>;
}

/** Writes a site with these files. */
export function temporarySite(files: Readonly<Record<string, string>>): TemporarySite {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'mxcp-cli-')));
  const root = join(base, 'site');
  const env = { HOME: join(base, 'home'), UV_THREADPOOL_SIZE: '24' };
  mkdirSync(env.HOME);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return {
    root,
    env,
    mxcp: (args, options = {}) => mxcp(args, { cwd: root, ...options, env: { ...env, ...options.env } }),
  };
}

/** The site that `mxcp init --bootstrap` makes. */
export async function bootstrappedSite(): Promise<TemporarySite> {
  const site = temporarySite({ '.keep': '' });
  await site.mxcp(['init', '--bootstrap', '--project', 'people']);
  return site;
}
