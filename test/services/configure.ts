import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Site } from '../e2e/program.js';

/** Writes the operator's part of a site, `~/.mxcp/config.yml`: what its profile `default` has beside the site's own file. */
export function configure(site: Site, project: string, profile: object): void {
  const folder = join(site.base, 'home', '.mxcp');
  mkdirSync(folder, { recursive: true });
  const config = { mxcp: 1, projects: { [project]: { profiles: { default: profile } } } };
  writeFileSync(join(folder, 'config.yml'), stringify(config), { mode: 0o600 });
}
