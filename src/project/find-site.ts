import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigNotFoundError } from '../errors.js';

export const siteFileName = 'mxcp-site.yml';

/** Where a site is. Both paths are real paths. */
export interface SiteLocation {
  readonly root: string;
  readonly file: string;
}

/**
 * The nearest folder at or above `start` with a site file (spec page 02). `start` may be the site file itself. Throws
 * ConfigNotFoundError when there is none.
 */
export function findSite(start: string): SiteLocation {
  let folder = resolve(start.endsWith(siteFileName) ? dirname(start) : start);
  for (;;) {
    const file = join(folder, siteFileName);
    if (existsSync(file))
      return { root: realpathSync(folder), file: join(realpathSync(folder), siteFileName) };
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  throw new ConfigNotFoundError(
    `There is no ${siteFileName} in ${resolve(start)} or above. Go to a site, name one with --site, or make one with: mxcp init`,
  );
}
