import type { ProviderSettings, ProviderType } from '../../model/auth-settings.js';
import { at, booleanOf, entriesOf, itemsOf, originOf, stringOf, type Field, wordsOf } from '../field.js';
import { mergeFields } from '../merge-fields.js';
import {
  missingKey,
  refuse,
  refuseKey,
  refuseReserved,
  refuseTwins,
  textAt,
  type AuthSection,
} from './auth-section.js';
import { readClaims } from './claims.js';
import { urlAt } from './web-address.js';

const types: readonly ProviderType[] = [
  'github',
  'google',
  'keycloak',
  'atlassian',
  'salesforce',
  'oidc',
  'workos',
];

const isType = (text: string | undefined): text is ProviderType => types.some((type) => type === text);

/** Keys that only some types know: anywhere else they would promise a protection that nobody keeps. */
const onlyFor: Readonly<Record<string, readonly ProviderType[]>> = {
  base_url: ['github', 'salesforce', 'atlassian'],
  allowed_orgs: ['github'],
  allowed_teams: ['github'],
  allowed_domains: ['google'],
  server_url: ['keycloak'],
  realm: ['keycloak'],
  discovery_url: ['oidc', 'workos'],
  config_url: ['oidc', 'workos'],
  audience: ['oidc'],
  extra_authorize_params: ['oidc'],
  organization_id: ['workos'],
  api_key: ['workos'],
};

/** Keys that a type cannot do without, each with other words for it. */
const needed: Readonly<Record<ProviderType, readonly (readonly string[])[]>> = {
  github: [],
  google: [],
  keycloak: [['server_url'], ['realm']],
  atlassian: [],
  salesforce: [],
  oidc: [['discovery_url', 'config_url']],
  workos: [['organization_id'], ['discovery_url', 'config_url']],
};

/** Where a needed key is found at the provider. */
const remedies: Readonly<Record<string, string>> = {
  client_id: 'Register this server as an application at the provider; it gives the id.',
  client_secret: 'The provider gives it with the id; write ${NAME} and set it in the environment.',
  server_url: 'The address of the Keycloak server, for example https://keycloak.example.',
  realm: 'The name of the realm that people are in.',
  discovery_url:
    "The address of the provider's discovery document, https://…/.well-known/openid-configuration, or the issuer that it hangs below.",
  organization_id: 'The id of the organisation that people sign in for, org_…',
};

/** A provider that the section asks for. `place` is where a missing section is reported, `path` how its keys are called. */
interface Wanted {
  readonly type: ProviderType;
  readonly settings: Field | undefined;
  readonly place: Field;
  readonly path: string;
}

/**
 * The identity providers of `auth`: the one that `provider` names, or those of `providers`. The section of a type
 * (`github: …`) has the settings of the first, and what items of that type in the second do not say themselves.
 */
export function readProviders(
  section: AuthSection,
  catalogue: readonly string[] | undefined,
): readonly ProviderSettings[] {
  const wanted = wantedProviders(section);
  warnUnused(section, wanted);
  const found = wanted.map((each) => ({
    provider: readProvider(section, each, catalogue),
    place: each.settings ?? each.place,
  }));
  refuseTwins(
    section,
    found.map(({ provider, place }) => ({ name: provider.name, field: place })),
    'providers called',
  );
  const byName = new Map(found.map((each) => [each.provider.name, each]));
  // An answer at the callback of another provider is how a mix-up of the two is noticed (RFC 9700, 4.4.2).
  refuseTwins(
    section,
    [...byName.values()].map(({ provider, place }) => ({ name: provider.callbackPath, field: place })),
    'providers with the callback path',
  );
  return found.map(({ provider }) => provider);
}

function wantedProviders(section: AuthSection): readonly Wanted[] {
  const { field } = section;
  const single = at(field, 'provider');
  const list = itemsOf(at(field, 'providers'));
  const [first] = list;
  if (single !== undefined && first !== undefined) {
    refuseKey(section, single, {
      rule: 'providers-twice',
      message: 'There are both `provider` and `providers`',
      remedy: 'Move all providers into `providers`.',
    });
  }
  const type = stringOf(single);
  const one =
    single !== undefined && isType(type) && first === undefined
      ? [{ type, settings: at(field, type), place: single, path: `auth.${type}` }]
      : [];
  const several = list.flatMap((item, index): Wanted[] => {
    const named = stringOf(item) ?? stringOf(at(item, 'type'));
    if (!isType(named)) return [];
    const settings = item.entries === undefined ? at(field, named) : mergeFields(item, at(field, named));
    return [{ type: named, settings, place: item, path: `auth.providers[${index}]` }];
  });
  return [...one, ...several];
}

function warnUnused({ field, problems }: AuthSection, wanted: readonly Wanted[]): void {
  const section = { field, problems };
  for (const type of types) {
    const block = at(field, type);
    if (block === undefined || wanted.some((each) => each.type === type)) continue;
    refuseKey(section, block, {
      severity: 'warning',
      rule: 'key-without-effect',
      message: `\`auth.${type}\` has no effect: nobody signs in there`,
      remedy: `Write \`provider: ${type}\`, or remove the section.`,
    });
  }
}

function readProvider(
  section: AuthSection,
  { type, settings, place, path }: Wanted,
  catalogue: readonly string[] | undefined,
): ProviderSettings {
  if (settings === undefined) {
    const remedy = `Add \`auth.${type}\` with client_id and client_secret, in the user config or the profile.`;
    refuse(section, place, {
      rule: 'missing-provider',
      message: `There are no settings for ${type}`,
      remedy,
    });
  } else checkKeys(section, type, settings, path);
  const name = textAt(settings, 'name', 'provider_name') ?? type;
  refuseReserved(section, place, name);
  return {
    type,
    name,
    callbackPath: textAt(settings, 'callback_path') ?? `/oauth/callback/${encodeURIComponent(name)}`,
    clientId: textAt(settings, 'client_id') ?? '',
    clientSecret: textAt(settings, 'client_secret', ...(type === 'workos' ? ['api_key'] : [])) ?? '',
    ...addresses(section, settings),
    ...restrictions(section, settings),
    extraAuthorizeParams: textsOf(at(settings, 'extra_authorize_params')),
    exposeToken: booleanOf(at(settings, 'expose_token')) ?? false,
    ...readClaims(section, settings, catalogue),
    origin: originOf(settings ?? place),
  };
}

function checkKeys(section: AuthSection, type: ProviderType, settings: Field, path: string): void {
  const secret = type === 'workos' ? ['client_secret', 'api_key'] : ['client_secret'];
  for (const [key = '', ...others] of [['client_id'], secret, ...needed[type]]) {
    if (textAt(settings, key, ...others) === undefined)
      missingKey(section, settings, `${path}.${key}`, remedies[key]);
  }
  for (const [key, child] of entriesOf(settings)) {
    const knows = Object.hasOwn(onlyFor, key) ? onlyFor[key] : undefined;
    if (knows === undefined || knows.includes(type)) continue;
    refuseKey(section, child, {
      rule: 'key-without-effect',
      message: `\`${key}\` means nothing to ${type}: it belongs to ${knows.join(' and ')}`,
    });
  }
}

type Addresses = Pick<
  ProviderSettings,
  'scope' | 'authUrl' | 'tokenUrl' | 'baseUrl' | 'serverUrl' | 'realm' | 'discoveryUrl' | 'audience'
>;

function addresses(section: AuthSection, settings: Field | undefined): Addresses {
  const scope = wordsOf(at(settings, 'scope')).join(' ');
  const found = {
    scope: scope === '' ? undefined : scope,
    authUrl: urlAt(section, settings, 'auth_url'),
    tokenUrl: urlAt(section, settings, 'token_url'),
    baseUrl: urlAt(section, settings, 'base_url'),
    serverUrl: urlAt(section, settings, 'server_url'),
    realm: textAt(settings, 'realm'),
    discoveryUrl: urlAt(section, settings, 'discovery_url') ?? urlAt(section, settings, 'config_url'),
    audience: textAt(settings, 'audience'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

type Restrictions = Pick<
  ProviderSettings,
  'organizationId' | 'allowedOrgs' | 'allowedTeams' | 'allowedDomains'
>;

function restrictions(section: AuthSection, settings: Field | undefined): Restrictions {
  const organizationId = textAt(settings, 'organization_id');
  const list = (key: string, form: RegExp, like: string): readonly string[] => {
    const field = at(settings, key);
    const words = wordsOf(field).map((word) => word.toLowerCase());
    if (field !== undefined && words.some((word) => !form.test(word)))
      refuse(section, field, { rule: 'wrong-value', message: `\`${key}\` takes names like ${like}` });
    return words;
  };
  return {
    ...(organizationId !== undefined && { organizationId }),
    allowedOrgs: list('allowed_orgs', /^[a-z0-9_-]+$/, 'acme'),
    allowedTeams: list('allowed_teams', /^[a-z0-9_-]+\/[a-z0-9._-]+$/, 'acme/admins'),
    allowedDomains: list('allowed_domains', /^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'example.com'),
  };
}

function textsOf(field: Field | undefined): Readonly<Record<string, string>> {
  const found = Object.create(null) as Record<string, string>;
  for (const [name, child] of entriesOf(field)) found[name] = stringOf(child) ?? '';
  return found;
}
