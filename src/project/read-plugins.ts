import { join } from 'node:path';
import { didYouMean } from '../lib/did-you-mean.js';
import type { Json } from '../model/json.js';
import type { PluginSettings } from '../model/settings.js';
import { at, entriesOf, jsonObject, originOf, stringOf, type Field } from './field.js';
import { problemOf, suggestion } from './problems.js';
import { mapsOf } from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';
import { confinedFile, type ConfinedPath } from './site-paths.js';
import { unusableFile } from './site-text.js';

const extensions = ['', '.ts', '.mts', '.js', '.mjs'];

/** `plugin` of the site file: modules inside of the folder of plugins, with what their `create` gets (spec page 08, "Plugins"). */
export async function readPlugins(
  context: SettingsContext,
  folder: string,
): Promise<readonly PluginSettings[]> {
  const { reader, site } = context;
  const seen = new Set<string>();
  const found: PluginSettings[] = [];
  for (const field of mapsOf(at(site, 'plugin'))) {
    const named = at(field, 'name');
    const name = stringOf(named);
    const module = await moduleOf(context, folder, at(field, 'module'));
    const config = configOf(context, at(field, 'config'));
    if (named === undefined || name === undefined || module === undefined) continue;
    if (seen.has(name)) {
      const message = `There are two plugins "${name}"`;
      reader.problems.push(
        problemOf(named, { rule: 'duplicate-name', message, remedy: 'Rename one of them.' }),
      );
      continue;
    }
    seen.add(name);
    reader.note(`plugin.${name}`, module, 'site');
    found.push({ name, module, config, origin: originOf(field) });
  }
  return found;
}

async function moduleOf(
  { reader, root }: SettingsContext,
  folder: string,
  field: Field | undefined,
): Promise<string | undefined> {
  const named = stringOf(field);
  if (field === undefined || named === undefined) return undefined;
  let worst: (ConfinedPath & { readonly ok: false }) | undefined;
  for (const extension of extensions) {
    const found = await confinedFile(folder, folder, join('.', `${named}${extension}`));
    if (found.ok) return found.path;
    if (worst === undefined || worst.reason === 'missing') worst = found;
    if (found.reason === 'outside') break;
  }
  const { rule, message } = unusableFile(named, worst ?? { ok: false, reason: 'missing' });
  const remedy = `Plugins are modules in the folder ${folder.slice(root.length + 1)}: .ts, .mts, .js or .mjs.`;
  reader.problems.push(problemOf(field, { rule, message, remedy }));
  return undefined;
}

/** A map as it is, or the entry of `plugin.config` of the user config that it names; an empty map when there is neither. */
function configOf({ reader, userProfile }: SettingsContext, field: Field | undefined): Json {
  const name = stringOf(field);
  if (field === undefined || name === undefined) return field?.data ?? jsonObject([]);
  const known = new Map(entriesOf(at(userProfile, 'plugin', 'config')));
  const found = known.get(name);
  if (found !== undefined) return found.data;
  const message = `The user config has no \`plugin.config.${name}\` for this project and profile`;
  const remedy =
    suggestion(didYouMean(name, known.keys())) ?? 'Add it there, or write the settings here as a map.';
  reader.problems.push(problemOf(field, { rule: 'missing-plugin-config', message, remedy }));
  return jsonObject([]);
}
