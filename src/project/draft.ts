import type { Origin, Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Draft } from '../model/project.js';
import { entriesOf, keyOrigin, originAt, type Field } from './field.js';

/** Keys that neither the body nor the rules of an endpoint depend on. */
const apart = [
  'description',
  'annotations',
  'limits',
  'tests',
  'scopes',
  'cache',
  'unreleased_text',
  'mime_type',
];
const others = [
  'name',
  'uri',
  'tags',
  'parameters',
  'return',
  'language',
  'source',
  'policies',
  'messages',
  'enabled',
];

const isBefore = (a: Origin, b: Origin): boolean =>
  a.line < b.line || (a.line === b.line && a.column <= b.column);

/** The key of an endpoint that a place belongs to, by the name that was meant; undefined for a place outside of all. */
function keyAt(object: Field, place: Origin): string | undefined {
  const end = originAt(object.source, object.end);
  if (place.file !== end.file || !isBefore(place, end)) return undefined;
  const [key] = entriesOf(object).findLast(([, child]) => isBefore(keyOrigin(child), place)) ?? [];
  const known = [...apart, ...others];
  return key === undefined || known.includes(key) ? key : didYouMean(key, known);
}

/** The draft of an endpoint with these errors; undefined when nothing can be said about it before they are mended. */
export function draftOf(
  endpoint: Endpoint | undefined,
  object: Field,
  errors: readonly Problem[],
): Draft | undefined {
  if (endpoint === undefined || endpoint.body?.language === 'builtin') return undefined;
  const keys = errors.map(({ origin }) => keyAt(object, origin));
  const rest = keys.filter((key) => key !== 'source' && key !== 'language');
  const isApart = rest.every((key) => key !== undefined && apart.includes(key));
  if (rest.length < keys.length) return isApart ? { endpoint, sound: 'declaration' } : undefined;
  return { endpoint, sound: isApart ? 'whole' : 'body' };
}
