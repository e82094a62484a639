import type { Origin } from '../errors.js';
import { at, namedWordsOf, originOf, type Field } from './field.js';
import { problem } from './problems.js';
import { listKind } from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';
import { variable } from './expand.js';

/** An origin as somebody wrote it, and where. */
interface Stated {
  readonly text: string;
  readonly origin: Origin;
}

const variables = ['MXCP_CORS_ORIGINS', 'MXCP_ALLOWED_ORIGINS'];

/**
 * The origins of web pages that may call: `--cors-origins`, its twins, `cors_origins` or `allowed_origins`. Empty ones are
 * dropped, those that are no origins are left out with a warning; where none is left, that is an error (13, S1-39 to S1-42).
 */
export function readOrigins(context: SettingsContext): readonly string[] {
  const { reader } = context;
  const { stated, from } = statedOrigins(context);
  const good = stated.flatMap(({ text }) => originText(text) ?? []);
  const severity = stated.length > 0 && good.length === 0 ? 'error' : 'warning';
  for (const { text, origin } of stated) {
    if (originText(text) !== undefined) continue;
    const message =
      severity === 'error' ? 'No entry of this list is an origin' : 'This is no origin and is left out';
    const remedy = 'Write scheme, host and port, for example https://app.example.com, or * for every page.';
    reader.problems.push(problem(origin, { severity, rule: 'wrong-origin', message, remedy }));
  }
  const origins = [...new Set(good)];
  reader.note('transport.http.allowed_origins', origins, from);
  return origins;
}

/** An origin in its canonical form; `*` as it is; undefined for anything else. */
function originText(text: string): string | undefined {
  if (text === '*') return text;
  try {
    const url = new URL(text);
    const isBare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
    return isBare && isWeb && !/[?#*\s\\]/.test(text) ? url.origin : undefined;
  } catch {
    return undefined;
  }
}

function statedOrigins(context: SettingsContext): { stated: readonly Stated[]; from: string } {
  const { overrides, env } = context;
  const words = (list: readonly string[], file: string): readonly Stated[] =>
    list.flatMap((word) =>
      word.trim() === '' ? [] : [{ text: word.trim(), origin: { file, line: 1, column: 1 } }],
    );
  if (overrides.corsOrigins !== undefined)
    return { stated: words(overrides.corsOrigins, '--cors-origins'), from: 'flag' };
  for (const name of variables) {
    const text = variable(env, name) ?? '';
    if (text.trim() === '') continue;
    return { stated: words(listKind.parse(text) ?? [], `environment variable ${name}`), from: 'environment' };
  }
  const field = fieldOf(context);
  if (field === undefined) return { stated: [], from: 'default' };
  const from = field.source.confidential ? 'user config' : 'site';
  return {
    stated: namedWordsOf(field).map((each) => ({ text: each.word, origin: originOf(each.field) })),
    from,
  };
}

function fieldOf({ user, userProfile, profile }: SettingsContext): Field | undefined {
  const inHttp = (field: Field | undefined): Field | undefined =>
    at(field, 'transport', 'http', 'cors_origins') ?? at(field, 'transport', 'http', 'allowed_origins');
  const inSecurity = (field: Field | undefined): Field | undefined => at(field, 'security', 'cors_origins');
  return (
    inHttp(user) ?? inSecurity(userProfile) ?? inSecurity(user) ?? inHttp(profile) ?? inSecurity(profile)
  );
}
