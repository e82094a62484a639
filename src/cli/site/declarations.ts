import { readFileSync } from 'node:fs';
import type { SiteFile } from './bare-site.js';

/** What a site's TypeScript imports, and the types that it is made of. */
const modules = ['author/api', 'model/content', 'model/json', 'model/tool-context', 'model/udf'];

/** Where `mxcp` is declared in a site, for `paths` of its tsconfig.json. */
export const declarationsEntry = '.mxcp/types/author/api.d.ts';

/**
 * The declarations of `mxcp` as files of a site, so that editors and `mxcp validate` know it wherever this program is
 * installed, also without a network (spec page 08).
 */
export function declarationFiles(): readonly SiteFile[] {
  return modules.map((name) => ({
    path: `.mxcp/types/${name}.d.ts`,
    text: readFileSync(new URL(`../../../dist/${name}.d.ts`, import.meta.url), 'utf8'),
  }));
}
