import { UpstreamRefusedError } from '../../errors.js';
import type { ProviderSettings } from '../../model/auth-settings.js';
import type { JsonObject } from '../../model/json.js';
import { askAs, unavailable } from './ask-upstream.js';
import { objectIn, objectsIn, textIn } from './read-json.js';

/** What a person belongs to; names in lower case, as GitHub's are case-insensitive. */
export interface Membership {
  readonly organizations: readonly string[];
  /** `org/team`. */
  readonly teams: readonly string[];
}

/** 50 pages of 100: nobody belongs to more, and a server that never ends its pages is not believed. */
const maxPages = 50;
const pageSize = 100;

export const githubHeaders = {
  accept: 'application/vnd.github+json',
  'user-agent': 'mxcp',
  'x-github-api-version': '2022-11-28',
};

/**
 * All items of a list, page by page; undefined where the token or the app has no right to read it. The next page is counted,
 * not taken from the `Link` header, so that the token goes nowhere else.
 */
export async function readPages(
  accessToken: string,
  url: string,
): Promise<readonly JsonObject[] | undefined> {
  const items: JsonObject[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const address = new URL(url);
    address.searchParams.set('per_page', String(pageSize));
    address.searchParams.set('page', String(page));
    const { status, headers, body } = await askAs(accessToken, address.href, githubHeaders);
    if (status === 403 && headers.get('x-ratelimit-remaining') === '0') throw unavailable(url, 'rate limit');
    if (status === 403 || status === 404) return undefined;
    const found = status === 200 ? objectsIn(body) : undefined;
    if (found === undefined) throw unavailable(url, `It answered ${status}`);
    items.push(...found);
    if (!/\brel="next"/.test(headers.get('link') ?? '')) return items;
  }
  throw unavailable(url, 'It has too many pages');
}

function organizationOf(item: JsonObject): string | undefined {
  const organization = objectIn(item['organization']);
  return organization && textIn(organization, 'login')?.toLowerCase();
}

/** Invitations are listed as memberships too, with the state `pending`. */
function activeOrganizations(items: readonly JsonObject[]): string[] {
  return items.flatMap((item) => (item['state'] === 'active' ? (organizationOf(item) ?? []) : []));
}

function teamsIn(items: readonly JsonObject[], organizations: readonly string[]): string[] {
  return items.flatMap((item) => {
    const organization = organizationOf(item);
    const team = textIn(item, 'slug')?.toLowerCase();
    const isMember = organization !== undefined && organizations.includes(organization);
    return isMember && team !== undefined ? [`${organization}/${team}`] : [];
  });
}

/** Organisations and teams in which the person is an active member; undefined where the token may not read them. */
export async function readMembership(api: string, accessToken: string): Promise<Membership | undefined> {
  const memberships = await readPages(accessToken, `${api}/user/memberships/orgs?state=active`);
  const teams = memberships && (await readPages(accessToken, `${api}/user/teams`));
  if (teams === undefined) return undefined;
  const organizations = activeOrganizations(memberships ?? []);
  return { organizations, teams: teamsIn(teams, organizations) };
}

/** Each list that is written must have the person in it. Throws `AUTH_UPSTREAM_REFUSED`. */
export function checkMembership(
  membership: Membership | undefined,
  { allowedOrgs, allowedTeams }: Pick<ProviderSettings, 'allowedOrgs' | 'allowedTeams'>,
): void {
  if (allowedOrgs.length === 0 && allowedTeams.length === 0) return;
  if (membership === undefined)
    throw new UpstreamRefusedError(
      'GitHub does not say which organisations you belong to: the app needs the scope read:org and the organisation’s approval',
    );
  const { organizations, teams } = membership;
  const isIn = (allowed: readonly string[], held: readonly string[]): boolean =>
    allowed.length === 0 || allowed.some((name) => held.includes(name.toLowerCase()));
  if (!isIn(allowedOrgs, organizations) || !isIn(allowedTeams, teams))
    throw new UpstreamRefusedError('Only members of certain organisations or teams on GitHub may sign in');
}
