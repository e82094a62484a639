import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { BodySettings } from '../model/settings.js';
import { at, namedWordsOf, numberOf, stringOf, type Field } from './field.js';
import { problemOf } from './problems.js';
import { choiceKind, integerKind, sizeKind, type Kind } from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';
import { isInside } from './site-paths.js';

const mebibyte = 1024 * 1024;

/** Most workers: four for each core and 8 more (spec page 08, "Isolation"). */
const mostWorkers = (): number => 4 * availableParallelism() + 8;

/** `bodies`: that of the profile over that of the site, key by key (spec page 08). */
export function readBodies(context: SettingsContext): BodySettings {
  const { reader, site, profile } = context;
  const given = (key: string): Field | undefined => at(profile, 'bodies', key) ?? at(site, 'bodies', key);
  const read = <T extends string | number>(key: string, kind: Kind<T>, fallback: T): T =>
    reader.read(`bodies.${key}`, { kind, site: given(key) }, fallback);
  return {
    isolation: read('isolation', choiceKind('process', 'thread'), 'process'),
    reuse: read('reuse', choiceKind('caller', 'anyone', 'never'), 'caller'),
    workers: readWorkers(context),
    queue: read('queue', integerKind(0, 100_000), 64),
    memoryBytes: readMemory(context, given('memory')),
    env: readEnv(context, given('env')),
    typescriptFolder: folderOf(context, 'typescript'),
    pluginsFolder: folderOf(context, 'plugins'),
  };
}

function readWorkers({ reader, site, profile }: SettingsContext): number {
  const field =
    at(profile, 'bodies', 'workers') ??
    at(profile, 'limits', 'workers') ??
    at(site, 'bodies', 'workers') ??
    at(site, 'limits', 'workers');
  const stated = numberOf(field);
  const most = mostWorkers();
  if (field !== undefined && stated !== undefined && stated > most) {
    const remedy = 'More workers than that only wait for the processor.';
    const message = `\`workers\` is at most ${most} on this machine: four for each core and 8 more`;
    reader.problems.push(problemOf(field, { rule: 'wrong-value', message, remedy }));
  }
  return reader.read('bodies.workers', { kind: integerKind(2, most), site: field }, 4);
}

function readMemory({ reader }: SettingsContext, field: Field | undefined): number {
  const bytes = reader.read('bodies.memory', { kind: sizeKind, site: field }, 256 * mebibyte);
  if (field !== undefined && bytes < 64 * mebibyte) {
    const message = 'A worker needs 64MiB at least';
    reader.problems.push(problemOf(field, { rule: 'wrong-value', message }));
  }
  return bytes;
}

/** Variables that bodies see. Those of this program hold its keys. */
function readEnv({ reader }: SettingsContext, field: Field | undefined): readonly string[] {
  const names = namedWordsOf(field);
  for (const { word, field: item } of names) {
    if (!/^MXCP_/i.test(word)) continue;
    const message = `Bodies do not get ${word}: the variables of this program hold its keys`;
    reader.problems.push(problemOf(item, { rule: 'wrong-value', message }));
  }
  const list = names.map(({ word }) => word);
  reader.note('bodies.env', list, field === undefined ? 'default' : 'site');
  return list;
}

/** A folder of `paths`; the usual one in place of one that is outside of the site: nothing is read there. */
function folderOf({ reader, root, site }: SettingsContext, key: 'typescript' | 'plugins'): string {
  const field = at(site, 'paths', key);
  const folder = join(root, stringOf(field) ?? key);
  if (field === undefined || isInside(root, folder)) return folder;
  const message = `\`paths.${key}\` is outside of the site`;
  reader.problems.push(problemOf(field, { rule: 'path-outside', message }));
  return join(root, key);
}
