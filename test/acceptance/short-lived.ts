import { onTestFinished } from 'vitest';
import { type OpenSite, openSite, type ServedSite, serveSite } from '../transport/open-site.js';

/** A site file that says as little as it can. */
export const site = `
mxcp: 1
project: documented
profile: default
profiles:
  default:
    duckdb: {path: ':memory:'}
`;

type Files = Readonly<Record<string, string>>;

/** Opens a site, with the plain site file unless another is given, until the test ends. */
export async function open(files: Files): Promise<OpenSite> {
  const one = await openSite({ 'mxcp-site.yml': site, ...files });
  onTestFinished(() => one.close());
  return one;
}

/** The same, served over HTTP. */
export async function serve(
  files: Files,
  options: Parameters<typeof serveSite>[1] = {},
): Promise<ServedSite> {
  const one = await serveSite({ 'mxcp-site.yml': site, ...files }, options);
  onTestFinished(() => one.close());
  return one;
}
