import { ed25519PrivateKey } from '../lib/keys.js';
import type { AuditSettings, RedactionStrategy } from '../model/settings.js';
import { at, entriesOf, stringOf, type Field } from './field.js';
import { problemOf, problemOfKey } from './problems.js';
import { isReference } from './references.js';
import {
  choiceKind,
  durationKind,
  flagKind,
  integerKind,
  listKind,
  sizeKind,
  textKind,
  type Kind,
} from './setting-reader.js';
import type { SettingsContext } from './settings-context.js';
import { absolutePath } from './site-paths.js';

const mebibyte = 1024 * 1024;
const strategies: readonly string[] = [
  'full',
  'partial',
  'hash',
  'truncate',
  'email',
] satisfies RedactionStrategy[];
const isStrategy = (text: string | undefined): text is RedactionStrategy =>
  text !== undefined && strategies.includes(text);

/** Less is a slip of units: records would lose what they say, each would get a file of its own, the disk never a rest. */
const least: Readonly<Record<string, number>> = {
  max_file_size: 8192,
  max_record_bytes: 4096,
  max_value_bytes: 64,
  sync_interval: 10,
};

/** `profiles.<name>.audit` with its defaults (spec pages 02 and 05). */
export function readAudit(context: SettingsContext): AuditSettings {
  const { reader, profile, profileName, paths } = context;
  const audit = at(profile, 'audit');
  const read = <T extends string | number | boolean | readonly string[]>(
    key: string,
    kind: Kind<T>,
    fallback: T,
  ): T => {
    const site = at(audit, key);
    const value = reader.read(`audit.${key}`, { kind, site }, fallback);
    if (site !== undefined && Number(value) < (least[key] ?? 0)) {
      const message = `\`audit.${key}\` is ${least[key] ?? 0} ${kind.unit ?? ''} at least`;
      reader.problems.push(problemOf(site, { rule: 'wrong-value', message }));
    }
    return value;
  };
  const path = read('path', textKind, `${paths.audit}/logs-${profileName}.jsonl`);
  const signingKey = readSigningKey(context, at(audit, 'signing_key'));
  return {
    enabled: reader.read(
      'audit.enabled',
      { kind: flagKind, variable: 'MXCP_AUDIT_ENABLED', site: at(audit, 'enabled') },
      true,
    ),
    path: absolutePath(path, context.root, context.env),
    maxFileSize: read('max_file_size', sizeKind, 50 * mebibyte),
    retentionDays: read('retention_days', integerKind(1), 90),
    sync: read('sync', choiceKind('always', 'interval', 'never'), 'interval'),
    syncIntervalMs: read('sync_interval', durationKind, 1000),
    onFailure: read('on_failure', choiceKind('deny', 'allow'), 'deny'),
    reserve: read('reserve', sizeKind, 64 * mebibyte),
    maxValueBytes: read('max_value_bytes', sizeKind, 4096),
    maxRecordBytes: read('max_record_bytes', sizeKind, 65_536),
    output: read('output', choiceKind('none', 'full'), 'none'),
    cli: read('cli', flagKind, true),
    test: read('test', flagKind, false),
    sql: read('sql', choiceKind('redacted', 'full'), 'redacted'),
    redactKeys: read('redact_keys', listKind, [
      'password',
      'secret',
      'token',
      'api_key',
      'authorization',
    ]).map((key) => key.toLowerCase()),
    redactFields: redactFields(at(audit, 'redact_fields')),
    ...(signingKey !== undefined && { signingKey }),
  };
}

function readSigningKey({ reader }: SettingsContext, field: Field | undefined): string | undefined {
  const pem = reader.optional('audit.signing_key', { kind: textKind, site: field, hidden: true });
  // A reference that nobody could resolve is told already.
  if (field !== undefined && pem !== undefined && !isReference(pem) && ed25519PrivateKey(pem) === undefined) {
    const message = '`audit.signing_key` is no Ed25519 private key in PEM form';
    const remedy =
      'Make one with: openssl genpkey -algorithm ed25519 -out audit-key.pem; then write signing_key: file://audit-key.pem';
    reader.problems.push(problemOfKey(field, { rule: 'wrong-value', message, remedy }));
  }
  return pem;
}

function redactFields(field: Field | undefined): Readonly<Record<string, RedactionStrategy>> {
  const found = Object.create(null) as Record<string, RedactionStrategy>;
  for (const [name, child] of entriesOf(field)) {
    const strategy = stringOf(child);
    if (isStrategy(strategy)) found[name] = strategy;
  }
  return found;
}
