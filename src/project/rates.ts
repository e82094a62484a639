import type { Problem } from '../errors.js';
import type { Rate, RateSettings } from '../model/auth-settings.js';
import type { Json } from '../model/json.js';
import { at, numberOf, stringOf, type Field } from './field.js';
import { mergeFields } from './merge-fields.js';
import { problemOf } from './problems.js';
import { numberKind, integerKind } from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';

const rate = (perMinute: number, burst: number): Rate => ({ perMinute, burst });

const standard: RateSettings = {
  global: rate(6000, 1000),
  perUser: rate(600, 100),
  perClient: rate(600, 100),
  perKey: rate(1200, 200),
  signIn: rate(30, 30),
  consent: rate(30, 30),
  token: rate(30, 30),
  registration: rate(10, 10),
};

const strict: RateSettings = {
  ...standard,
  global: rate(60, 10),
  perUser: rate(60, 5),
  perClient: rate(60, 5),
  perKey: rate(60, 20),
};

/** Key of a tier in the files → in the settings. */
const tiers = {
  global: 'global',
  per_user: 'perUser',
  per_client: 'perClient',
  per_key: 'perKey',
  per_endpoint: 'perEndpoint',
  per_address: 'perAddress',
  sign_in: 'signIn',
  consent: 'consent',
  token: 'token',
  registration: 'registration',
} as const;

type Tier = keyof typeof tiers;
const tierNames = Object.keys(tiers) as readonly Tier[];

/** Tiers that cannot be switched off: they stand in front of those who have shown nothing yet. */
const always: readonly Tier[] = ['sign_in', 'consent', 'token', 'registration'];

const perMinuteOf: Readonly<Record<string, number>> = { s: 60, min: 1, h: 1 / 60 };

function perMinute(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?\/ ?(s|min|h)$/.exec(text ?? '');
  const found = Number(match?.[1]) * (perMinuteOf[match?.[2] ?? ''] ?? 0);
  return match !== null && found > 0 ? found : undefined;
}

/** What ten seconds bring, and at least one: the burst of a rate that names none. */
const burstOf = (sustained: number): number => Math.max(1, Math.ceil(sustained / 6));

/** A rate of a file; `off`; undefined when it is neither. */
function readRate(field: Field): Rate | 'off' | undefined {
  if (field.data === 'off') return 'off';
  const sustained = perMinute(stringOf(field) ?? stringOf(at(field, 'rate')));
  if (sustained === undefined) return undefined;
  return rate(sustained, numberOf(at(field, 'burst')) ?? burstOf(sustained));
}

/**
 * `limits.rate` (spec page 06, "Limits against abuse"): that of the profile over that of the site, tier by tier, over the
 * preset `strict` or the defaults; `--rate-limit-window` and `--rate-limit-max` set `per_user`.
 */
export function readRates(context: SettingsContext): RateSettings {
  const { reader, site, profile } = context;
  const field = mergeFields(at(profile, 'limits', 'rate'), at(site, 'limits', 'rate'));
  const preset = [at(profile, 'limits', 'rate'), at(site, 'limits', 'rate')].some(
    (each) => stringOf(each) === 'strict',
  );
  const rates: Record<string, Rate | undefined> = { ...(preset ? strict : standard) };
  const from: Record<string, string> = {};
  for (const tier of tierNames) {
    const own = at(field, tier);
    const found = own === undefined ? undefined : readRate(own);
    if (own === undefined || found === undefined) continue;
    if (found === 'off' && always.includes(tier)) reader.problems.push(notOff(own, tier));
    else rates[tiers[tier]] = found === 'off' ? undefined : found;
    from[tier] = 'site';
  }
  const window = readWindow(context);
  if (window !== undefined) rates['perUser'] = window.rate;
  for (const tier of tierNames) {
    const stated = tier === 'per_user' ? (window?.from ?? from[tier]) : from[tier];
    reader.note(`limits.rate.${tier}`, shown(rates[tiers[tier]]), stated ?? (preset ? 'strict' : 'default'));
  }
  return settingsOf(rates);
}

function settingsOf(found: Readonly<Record<string, Rate | undefined>>): RateSettings {
  const given = Object.entries(found).filter(([, value]) => value !== undefined);
  const { signIn, consent, token, registration } = standard;
  return { signIn, consent, token, registration, ...Object.fromEntries(given) };
}

function shown(found: Rate | undefined): Json {
  if (found === undefined) return 'off';
  return `${Number(found.perMinute.toFixed(2))}/min, burst ${found.burst}`;
}

function notOff(field: Field, tier: Tier): Problem {
  const message = `\`${tier}\` cannot be off: it stands in front of those who have shown nothing yet`;
  return problemOf(field, { rule: 'wrong-value', message, remedy: 'Write a rate like 60/min.' });
}

/** `--rate-limit-max` calls in `--rate-limit-window` minutes, 100 in 15 where only one is said (13, "Where the documents disagree"). */
function readWindow({ reader, overrides }: SettingsContext): { rate: Rate; from: string } | undefined {
  const { rateLimitWindow, rateLimitMax } = overrides;
  const window = reader.optional('limits.rate.window', {
    kind: numberKind(1 / 60, 1440),
    flag: rateLimitWindow,
    variable: 'MXCP_RATE_LIMIT_WINDOW',
  });
  const max = reader.optional('limits.rate.max', {
    kind: integerKind(1, 1_000_000),
    flag: rateLimitMax,
    variable: 'MXCP_RATE_LIMIT_MAX',
  });
  if (window === undefined && max === undefined) return undefined;
  const burst = max ?? 100;
  const from = rateLimitWindow === undefined && rateLimitMax === undefined ? 'environment' : 'flag';
  return { rate: rate(burst / (window ?? 15), burst), from };
}
