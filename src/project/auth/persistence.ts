import { dirname, join } from 'node:path';
import type { PersistenceSettings } from '../../model/auth-settings.js';
import { at, stringOf } from '../field.js';
import { choiceKind } from '../setting-reader.js';
import type { SettingsContext } from '../settings-context.js';
import { folderName } from '../site-secret.js';
import { absolutePath, homeFolder } from '../site-paths.js';
import { missingKey, refuseKey, sourcesOf, textAt, type AuthSection } from './auth-section.js';

/** `auth.persistence`: a file, by default `~/.mxcp/<project>/oauth.db`, or a Redis that several servers share. */
export function readPersistence(context: SettingsContext, section: AuthSection): PersistenceSettings {
  const { reader, env } = context;
  const field = at(section.field, 'persistence');
  const type = reader.read(
    'auth.persistence.type',
    { kind: choiceKind('sqlite', 'redis'), ...sourcesOf(at(field, 'type')) },
    'sqlite',
  );
  const pathField = at(field, 'path');
  const urlField = at(field, 'url');
  const idle = type === 'redis' ? pathField : urlField;
  if (idle !== undefined) {
    const message = `This has no effect: the store is ${type}`;
    refuseKey(section, idle, { severity: 'warning', rule: 'key-without-effect', message });
  }
  if (type === 'redis') {
    const url = textAt(field, 'url') ?? '';
    if (url === '' && field !== undefined) missingKey(section, field, 'auth.persistence.url');
    reader.note('auth.persistence.url', '[hidden]', urlField?.source.confidential ? 'user config' : 'site');
    return { type, url };
  }
  const named = stringOf(pathField);
  const path =
    named === undefined || pathField === undefined
      ? join(homeFolder(env), '.mxcp', folderName(stringOf(at(context.site, 'project')) ?? ''), 'oauth.db')
      : absolutePath(named, dirname(pathField.source.path), env);
  const from = pathField === undefined ? 'default' : pathField.source.confidential ? 'user config' : 'site';
  reader.note('auth.persistence.path', path, from);
  return { type, path };
}
