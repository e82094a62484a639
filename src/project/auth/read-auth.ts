import type { AuthSettings, IssuerSettings } from '../../model/auth-settings.js';
import type { TransportSettings } from '../../model/settings.js';
import { at, entriesOf, stringOf, type Field, wordsOf } from '../field.js';
import { mergeFields } from '../merge-fields.js';
import { problem } from '../problems.js';
import { flagKind, type Kind } from '../setting-reader.js';
import type { SettingsContext } from '../settings-context.js';
import { missingKey, refuseKey, refuseTwins, sourcesOf, type AuthSection } from './auth-section.js';
import { readClients } from './clients.js';
import { readEncryptionKey } from './encryption-key.js';
import { readPersistence } from './persistence.js';
import { readProviders } from './providers.js';
import { shownSettings, warnLiteralSecrets } from './secrets.js';
import { readSpan } from './spans.js';
import { readVerifiers } from './verifiers.js';

/** Settings that are chosen one by one, and noted then. */
const chosen = new Set([
  'allow_anonymous',
  'api_keys',
  'client_certificates',
  'persistence',
  'encryption_key',
  'auth_encryption_key',
]);

/**
 * `auth` of the active profile: that of the user config over that of the site, key by key (spec pages 02 and 06). `--no-auth`
 * switches every way in off; `--enable-auth` lets nobody in without a credential, and accepts API keys where nothing else is set up.
 */
export async function readAuth(
  context: SettingsContext,
  transport: TransportSettings,
): Promise<AuthSettings> {
  const { reader } = context;
  const section = openSection(context);
  const wanted = authSwitch(context);
  const catalogue = catalogueOf(context.site);
  const providers = readProviders(section, catalogue);
  const verifiers = readVerifiers(section, catalogue);
  checkMode(section, providers.length > 0, verifiers.length > 0);
  refuseTwins(section, sharedNames(section, providers, verifiers), 'ways in called');
  const asked = readFlag(context, section, 'api_keys', false);
  const clientCertificates = readCertificates(context, section, transport);
  const anyWay = providers.length > 0 || verifiers.length > 0 || asked || clientCertificates;
  const apiKeys = asked || (wanted === true && !anyWay);
  if (apiKeys && !asked) reader.note('auth.api_keys', true, 'nothing else is configured');
  const allowAnonymous = readAnonymous(context, section);
  const encryptionKey = await readEncryptionKey(context, section);
  const issuer = providers.length > 0 ? readIssuer(section, providers) : undefined;
  const common = {
    persistence: readPersistence(context, section),
    ...(encryptionKey !== undefined && { encryptionKey }),
    previousKeys: wordsOf(at(section.field, 'previous_keys')),
  };
  for (const [key, child] of entriesOf(section.field))
    if (!chosen.has(key))
      for (const { path, value, from } of shownSettings(child, `auth.${key}`, key))
        reader.note(path, value, from);
  reader.problems.push(...section.problems);
  if (wanted === false)
    return {
      ...common,
      open: true,
      allowAnonymous,
      verifiers: [],
      apiKeys: false,
      clientCertificates: false,
    };
  return {
    ...common,
    open: !anyWay && !apiKeys,
    allowAnonymous: wanted === true ? false : allowAnonymous,
    ...(issuer !== undefined && { issuer }),
    verifiers,
    apiKeys,
    clientCertificates,
  };
}

function openSection({ userProfile, profile }: SettingsContext): AuthSection {
  const section = { field: mergeFields(at(userProfile, 'auth'), at(profile, 'auth')), problems: [] };
  warnLiteralSecrets(section, section.field);
  warnLiteralSecrets(section, at(profile, 'security'));
  return section;
}

const notFlag: Kind<boolean> = {
  ...flagKind,
  parse: (text) => {
    const value = flagKind.parse(text);
    return value === undefined ? undefined : !value;
  },
};

/** What `--enable-auth`, `--no-auth` and their environment twins say; undefined: what the files say. */
function authSwitch({ reader, overrides }: SettingsContext): boolean | undefined {
  const enable = reader.optional('auth.enabled', {
    kind: flagKind,
    flag: overrides.auth,
    variable: 'MXCP_ENABLE_AUTH',
  });
  if (overrides.auth !== undefined) return enable;
  const none = reader.optional('auth.enabled', { kind: notFlag, variable: 'MXCP_NO_AUTH' });
  if (enable !== undefined && none !== undefined && enable !== none) {
    const origin = { file: 'environment variable MXCP_NO_AUTH', line: 1, column: 1 };
    reader.problems.push(
      problem(origin, {
        rule: 'wrong-value',
        message: 'MXCP_NO_AUTH and MXCP_ENABLE_AUTH contradict each other',
        remedy: 'Unset one of them.',
      }),
    );
  }
  return enable ?? none;
}

function catalogueOf(site: Field): readonly string[] | undefined {
  const catalogue = at(site, 'authorization', 'capabilities');
  return catalogue === undefined ? undefined : entriesOf(catalogue).map(([name]) => name);
}

/** `mode` and `provider: none` must say the same as the rest of the section. */
function checkMode(section: AuthSection, hasProviders: boolean, hasVerifiers: boolean): void {
  const mode = at(section.field, 'mode');
  const none = at(section.field, 'provider');
  const contradiction = (field: Field, message: string, remedy: string): void =>
    refuseKey(section, field, { rule: 'auth-contradiction', message, remedy });
  if (mode !== undefined && mode.data === 'verifier' && hasProviders)
    contradiction(
      mode,
      '`mode: verifier` signs nobody in, but there is a provider',
      'Remove `provider` or `mode`; verifiers work beside a provider too.',
    );
  if (mode !== undefined && mode.data === 'verifier' && !hasVerifiers)
    missingKey(
      section,
      mode,
      'auth.issuer',
      'A verifier needs `issuer` and `audience`, or a list of `verifiers`.',
    );
  if (mode !== undefined && mode.data === 'issuer' && !hasProviders)
    missingKey(section, mode, 'auth.provider', 'An issuer needs a provider that people sign in at.');
  if (none !== undefined && stringOf(none) === 'none' && hasProviders)
    contradiction(none, '`provider: none` and `providers` contradict each other', 'Remove one of them.');
}

/** Names that providers and verifiers share: they are the first part of `user.key`, so one would be the other. */
function sharedNames(
  { field }: AuthSection,
  providers: readonly { readonly name: string }[],
  verifiers: readonly { readonly name: string }[],
): readonly { readonly name: string; readonly field: Field }[] {
  const place = at(field, 'verifiers') ?? field;
  const shared = verifiers.filter(({ name }) => providers.some((provider) => provider.name === name));
  return place === undefined
    ? []
    : shared.flatMap(({ name }) => [
        { name, field: place },
        { name, field: place },
      ]);
}

function readFlag(context: SettingsContext, section: AuthSection, key: string, fallback: boolean): boolean {
  const sources = { kind: flagKind, ...sourcesOf(at(section.field, key)) };
  return context.reader.read(`auth.${key}`, sources, fallback);
}

function readAnonymous({ reader }: SettingsContext, { field }: AuthSection): boolean {
  const sources = sourcesOf(at(field, 'allow_anonymous'));
  return reader.read(
    'auth.allow_anonymous',
    { kind: flagKind, variable: 'MXCP_ALLOW_ANONYMOUS', ...sources },
    false,
  );
}

function readCertificates(
  context: SettingsContext,
  section: AuthSection,
  { http }: TransportSettings,
): boolean {
  const requested = http.tls?.requestCert === true;
  const wanted = readFlag(context, section, 'client_certificates', requested);
  const field = at(section.field, 'client_certificates');
  if (wanted && !requested && field !== undefined) {
    const remedy = 'Add transport.http.tls with cert, key, ca and request_cert: true.';
    const message = 'Clients are not asked for certificates';
    refuseKey(section, field, { rule: 'auth-contradiction', message, remedy });
  }
  return wanted && requested;
}

function readIssuer(section: AuthSection, providers: IssuerSettings['providers']): IssuerSettings {
  const { field } = section;
  const span = (key: string, fallback: string, least: string, most: string): number =>
    readSpan(section, field, key, { fallback, least, most });
  return {
    providers,
    clients: readClients(section),
    registration: at(field, 'registration')?.data !== false,
    clientMetadataDocuments: at(field, 'client_metadata_documents')?.data !== false,
    accessTokenTtlMs: span('access_token_ttl', '1h', '10s', '24h'),
    refreshTokenTtlMs: span('refresh_token_ttl', '30d', '10s', '365d'),
    codeTtlMs: span('code_ttl', '60s', '1s', '10m'),
    replayGraceMs: span('replay_grace', '60s', '0s', '5m'),
    sessionTtlMs: span('session_ttl', '30d', '10s', '365d'),
  };
}
