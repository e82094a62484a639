import { at } from '../../project/field.js';
import { readProject } from '../../project/load.js';
import { readYamlFile } from '../../project/yaml-file.js';
import type { Context } from '../context.js';
import { environmentText } from '../environment-flag.js';
import { loadOptions } from '../load-options.js';
import { openSite, type Site, type SiteOptions } from '../open-site.js';
import { printNote } from '../output.js';

/** The profile that is made for tests: its database is filled by its `init`. */
const testProfile = 'test';

async function hasTestProfile(siteFile: string): Promise<boolean> {
  const { root } = await readYamlFile({ path: siteFile, shown: siteFile });
  return at(root, 'profiles', testProfile) !== undefined;
}

/**
 * Opens the site in profile `test` when it has one and no other was asked for, else in the chosen one with a note: tests
 * then see its data (spec page 10).
 */
export async function openTestSite(context: Context, options: SiteOptions): Promise<Site> {
  const { location, env } = await readProject(loadOptions(context));
  const asked = context.options.profile ?? environmentText(env, 'MXCP_PROFILE');
  if (asked === undefined && (await hasTestProfile(location.file))) {
    return openSite(context, { ...options, profile: testProfile });
  }
  const site = await openSite(context, options);
  if (asked === undefined) {
    printNote(
      context,
      `The site has no profile test: tests run on the data of profile ${site.project.profile}`,
    );
  }
  return site;
}
