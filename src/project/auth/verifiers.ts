import { didYouMean } from '../../lib/did-you-mean.js';
import type { VerifierSettings } from '../../model/auth-settings.js';
import { at, entriesOf, itemsOf, jsonObject, originOf, stringOf, type Field, wordsOf } from '../field.js';
import { suggestion } from '../problems.js';
import { mapsOf } from '../setting-reader.js';
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
import { readSpan } from './spans.js';
import { parseUrl, urlAt } from './web-address.js';

const asymmetric: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
];

const singleKeys = [
  'issuer',
  'audience',
  'jwks_uri',
  'algorithms',
  'clock_skew',
  'jwks_cache_ttl',
  'introspection',
];

/** The trusted issuers of `auth`: those of `verifiers`, and the one whose keys stand in `auth` itself (spec page 06). */
export function readVerifiers(
  section: AuthSection,
  catalogue: readonly string[] | undefined,
): readonly VerifierSettings[] {
  const single = singleVerifier(section.field);
  const wanted = [
    ...(single === undefined ? [] : [{ field: single, path: 'auth' }]),
    ...mapsOf(at(section.field, 'verifiers')).map((field, index) => ({
      field,
      path: `auth.verifiers[${index}]`,
    })),
  ];
  const found = wanted.map(({ field, path }) => ({
    field,
    verifier: readVerifier(section, field, path, catalogue),
  }));
  const twins = (key: 'name' | 'issuer', what: string): void =>
    refuseTwins(
      section,
      found
        .filter(({ verifier }) => verifier[key] !== '')
        .map(({ field, verifier }) => ({ name: verifier[key], field })),
      what,
    );
  twins('issuer', 'verifiers of the issuer');
  twins('name', 'verifiers called');
  const [, ...further] = found.filter(({ verifier }) => verifier.introspection !== undefined);
  for (const { field } of further)
    refuseKey(section, at(field, 'introspection') ?? field, {
      rule: 'introspection-twice',
      message:
        'Two verifiers have `introspection`, and an opaque token does not say which of the two it is for',
      remedy: 'Keep one of them, and let the other issuer give out JWTs.',
    });
  return found.map(({ verifier }) => verifier);
}

/** The keys of the single issuer as a section of their own; undefined when there are none. */
function singleVerifier(auth: Field | undefined): Field | undefined {
  const entries = entriesOf(auth).filter(([key, { data }]) => singleKeys.includes(key) && data !== null);
  const [first] = entries;
  if (auth === undefined || first === undefined) return undefined;
  const data = jsonObject(entries.map(([key, child]) => [key, child.data]));
  return { ...first[1], entries: new Map(entries), data };
}

function readVerifier(
  section: AuthSection,
  field: Field,
  path: string,
  catalogue: readonly string[] | undefined,
): VerifierSettings {
  const issuer = textAt(field, 'issuer') ?? '';
  const audience = wordsOf(at(field, 'audience'));
  if (issuer === '') missingKey(section, field, `${path}.issuer`);
  if (audience.length === 0) {
    const remedy = 'Without it, tokens that were issued for other services would open this one.';
    missingKey(section, field, `${path}.audience`, remedy);
  }
  const jwksUri = urlAt(section, field, 'jwks_uri');
  const introspection = readIntrospection(section, field, path);
  checkIssuer(section, field, issuer, jwksUri !== undefined || introspection !== undefined);
  const name = textAt(field, 'name') ?? issuer;
  refuseReserved(section, at(field, 'name') ?? field, name);
  return {
    name,
    issuer,
    audience,
    ...(jwksUri !== undefined && { jwksUri }),
    algorithms: readAlgorithms(section, at(field, 'algorithms')),
    clockSkewMs: readSpan(section, field, 'clock_skew', { fallback: '60s', least: '0s', most: '10m' }),
    jwksCacheTtlMs: readSpan(section, field, 'jwks_cache_ttl', { fallback: '1h', least: '1s', most: '24h' }),
    ...(introspection !== undefined && { introspection }),
    ...readClaims(section, field, catalogue),
    origin: originOf(field),
  };
}

/** An issuer is the first part of `user.key`; where its keys are to be discovered, it must be a URL. */
function checkIssuer(section: AuthSection, field: Field, issuer: string, hasKeys: boolean): void {
  const place = at(field, 'issuer');
  if (place === undefined || issuer === '') return;
  if (/[|\s]/.test(issuer))
    refuse(section, place, { rule: 'wrong-value', message: '`issuer` must not have spaces or "|"' });
  const url = parseUrl(issuer);
  const isWeb = url !== undefined && /^https?:$/.test(url.protocol);
  if (!isWeb && !hasKeys) {
    const remedy = 'Add `jwks_uri`, or write the issuer as the URL below which its discovery document is.';
    refuse(section, place, {
      rule: 'wrong-value',
      message: 'Nothing says where the keys of this issuer are',
      remedy,
    });
  }
}

function readAlgorithms(section: AuthSection, field: Field | undefined): readonly string[] {
  if (field === undefined) return asymmetric;
  for (const item of itemsOf(field)) {
    for (const name of field.items === undefined ? wordsOf(item) : [stringOf(item) ?? '']) {
      if (asymmetric.includes(name)) continue;
      const symmetric = /^(HS\d+|none)$/i.test(name);
      refuse(section, item, {
        rule: symmetric ? 'symmetric-algorithm' : 'wrong-value',
        message: symmetric
          ? `\`${name}\` is refused: whoever can check such a token can make one`
          : `There is no asymmetric signature algorithm "${name}"`,
        remedy: suggestion(didYouMean(name, asymmetric)) ?? `Known: ${asymmetric.join(', ')}.`,
      });
    }
  }
  return wordsOf(field);
}

function readIntrospection(
  section: AuthSection,
  parent: Field,
  path: string,
): VerifierSettings['introspection'] {
  const field = at(parent, 'introspection');
  if (field === undefined) return undefined;
  for (const key of ['url', 'client_id', 'client_secret'])
    if (textAt(field, key) === undefined) missingKey(section, field, `${path}.introspection.${key}`);
  return {
    url: urlAt(section, field, 'url') ?? '',
    clientId: textAt(field, 'client_id') ?? '',
    clientSecret: textAt(field, 'client_secret') ?? '',
    cacheMs: readSpan(section, field, 'cache', { fallback: '1s', least: '0s', most: '1s' }),
  };
}
