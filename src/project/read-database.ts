import type { Origin, Problem } from '../errors.js';
import type { SourceText } from '../lib/source-text.js';
import type { Attachment, DatabaseSettings, Extension } from '../model/settings.js';
import { at, booleanOf, itemsOf, keyOrigin, stringOf, type Field } from './field.js';
import { problem } from './problems.js';
import { sourceTextOf } from './scalar-text.js';
import { flagKind, integerKind, listKind, mapsOf, textKind, type Kind } from './setting-reader.js';
import { absolutePath } from './site-paths.js';
import { siteText } from './site-text.js';
import type { SettingsContext } from './settings-context.js';

const readonlyKind: Kind<boolean | 'auto'> = {
  what: 'true, false or auto',
  read: (field) => (field.data === 'auto' ? 'auto' : flagKind.read(field)),
  parse: (text) => (text === 'auto' ? 'auto' : flagKind.parse(text)),
};

/** `profiles.<name>.duckdb` and the site's `extensions`, with environment and flags over them (spec pages 02 and 07). */
export async function readDatabase(context: SettingsContext, freeBodies: boolean): Promise<DatabaseSettings> {
  const { reader, profile, profileName, overrides, paths } = context;
  const duckdb = at(profile, 'duckdb');
  const init = await readInit(context, at(duckdb, 'init'));
  const path = reader.read(
    'duckdb.path',
    { kind: textKind, flag: overrides.duckdbPath, variable: 'MXCP_DUCKDB_PATH', site: at(duckdb, 'path') },
    `${paths.data}/db-${profileName}.duckdb`,
  );
  const readonly = reader.read(
    'duckdb.readonly',
    {
      kind: readonlyKind,
      flag: overrides.readonly,
      variable: 'MXCP_READONLY',
      site: at(duckdb, 'readonly'),
    },
    false,
  );
  const origin = keyOrigin(duckdb ?? profile ?? context.site);
  if (path === ':memory:' && readonly === true) reader.problems.push(writableMemory(origin));
  const threads = reader.optional('duckdb.threads', { kind: integerKind(1), site: at(duckdb, 'threads') });
  const memoryLimit = reader.optional('duckdb.memory_limit', {
    kind: textKind,
    site: at(duckdb, 'memory_limit'),
  });
  const tempDirectory = reader.optional('duckdb.temp_directory', {
    kind: textKind,
    site: at(duckdb, 'temp_directory'),
  });
  const located = (each: string): string => absolutePath(each, context.root, context.env);
  const attach = mapsOf(at(duckdb, 'attach')).map((item) => readAttachment(item));
  const extensions = itemsOf(at(context.site, 'extensions')).flatMap((item) => readExtension(item));
  for (const [key, named] of [
    ['duckdb.attach', attach],
    ['extensions', extensions],
  ] as const)
    if (named.length > 0)
      reader.note(
        key,
        named.map(({ name }) => name),
        'site',
      );
  return {
    path: path === ':memory:' ? path : located(path),
    readonly,
    ...(init !== undefined && { init }),
    ...(threads !== undefined && { threads }),
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(tempDirectory !== undefined && { tempDirectory: located(tempDirectory) }),
    ...readSandbox(context, duckdb, freeBodies),
    timezone: reader.read('duckdb.timezone', { kind: textKind, site: at(duckdb, 'timezone') }, 'UTC'),
    attach,
    extensions,
    pool: reader.read('duckdb.pool', { kind: integerKind(1, 256), site: at(duckdb, 'pool') }, 16),
    queue: reader.read('duckdb.queue', { kind: integerKind(0, 100_000), site: at(duckdb, 'queue') }, 256),
    maxTempDirectorySize: reader.read(
      'duckdb.max_temp_directory_size',
      { kind: textKind, site: at(duckdb, 'max_temp_directory_size') },
      '1GiB',
    ),
    origin,
  };
}

function writableMemory(origin: Origin): Problem {
  return problem(origin, {
    severity: 'warning',
    rule: 'readonly-in-memory',
    message: 'The database is in memory, where `readonly` has no effect: SQL that writes does write',
    remedy: 'Name a file in `duckdb.path`, or leave `readonly` out; nothing of it outlives the process.',
  });
}

/** Bodies in TypeScript make their SQL when they are called: nothing but the database itself can keep it from files. */
function openToBodies(externalAccess: Field): Problem {
  return problem(keyOrigin(externalAccess), {
    severity: 'warning',
    rule: 'bodies-reach-files',
    message:
      'With `external_access: true`, TypeScript bodies can read whatever the server can by `ctx.db`: keys, the audit log, networks',
    remedy: 'Set it to false, with the folders that SQL needs in `allowed_directories`.',
  });
}

function readSandbox(
  { reader, root, env }: SettingsContext,
  duckdb: Field | undefined,
  freeBodies: boolean,
): Pick<DatabaseSettings, 'externalAccess' | 'allowedDirectories' | 'allowedPaths'> {
  const list = (key: string): readonly string[] =>
    reader
      .read(`duckdb.${key}`, { kind: listKind, site: at(duckdb, key) }, [])
      .map((path) => (path.includes('://') ? path : absolutePath(path, root, env)));
  const site = at(duckdb, 'external_access');
  if (freeBodies && site?.data === true) reader.problems.push(openToBodies(site));
  return {
    externalAccess: reader.read('duckdb.external_access', { kind: flagKind, site }, !freeBodies),
    allowedDirectories: list('allowed_directories'),
    allowedPaths: list('allowed_paths'),
  };
}

function readAttachment(field: Field): Attachment {
  return {
    name: stringOf(at(field, 'name')) ?? '',
    url: stringOf(at(field, 'url')) ?? '',
    readonly: booleanOf(at(field, 'readonly')) ?? true,
  };
}

function readExtension(field: Field): readonly Extension[] {
  const name = stringOf(field) ?? stringOf(at(field, 'name'));
  const repository = stringOf(at(field, 'repo'));
  if (name === undefined) return [];
  return [{ name, ...((repository === 'community' || repository === 'core_nightly') && { repository }) }];
}

/** `init` is SQL text, which may hold what variables gave and is not shown, `{code}`, `{file}`, or the bare path of a `.sql` file of the site. */
async function readInit(
  { root, reader }: SettingsContext,
  field: Field | undefined,
): Promise<SourceText | undefined> {
  const text = (sql: Field): SourceText => {
    reader.note('duckdb.init', '[SQL text]', 'site');
    return sourceTextOf(sql);
  };
  const code = at(field, 'code');
  if (code !== undefined && stringOf(code) !== undefined) return text(code);
  const file = at(field, 'file') ?? field;
  const named = stringOf(file);
  if (file === undefined || named === undefined) return undefined;
  if (file === field && !/^\S+\.sql$/i.test(named)) return text(field);
  reader.note('duckdb.init', named, 'site');
  return (await siteText(root, root, file, reader.problems))?.source;
}
