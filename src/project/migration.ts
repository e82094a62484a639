import type { Origin, Problem } from '../errors.js';
import { at, booleanOf, entriesOf, itemsOf, keyOrigin, type Field } from './field.js';
import { readProject, type LoadOptions } from './load.js';
import { shownPath } from './site-paths.js';
import { readYamlFile } from './yaml-file.js';
import { findYamlTraps } from './yaml-traps.js';

/** One thing that an author who comes from the Python program should know about a file. */
interface MigrationNote {
  readonly origin: Origin;
  readonly message: string;
  readonly remedy?: string;
}

/** How a file of a Python MXCP site fares here: as it is, with differences, or not before it is changed. */
export interface FileMigration {
  readonly file: string;
  readonly status: 'works' | 'differs' | 'needs-porting';
  readonly notes: readonly MigrationNote[];
}

/** What `mxcp validate --migration` prints: every YAML file of the site and the user config, sorted by name (spec page 02). */
export async function readMigration(options: LoadOptions): Promise<readonly FileMigration[]> {
  const { location, problems, files: paths } = await readProject(options);
  const files = await Promise.all(
    paths.map((path) => describeFile(path, shownPath(location.root, path), problems)),
  );
  return files.sort((a, b) => (a.file < b.file ? -1 : 1));
}

async function describeFile(
  path: string,
  file: string,
  problems: readonly Problem[],
): Promise<FileMigration> {
  const own = problems.filter(({ origin }) => origin.file === file);
  const errors = own.filter(({ severity }) => severity === 'error').map(toNote);
  const { root } = await readYamlFile({ path, shown: file, confidential: true });
  const differences = root === undefined ? [] : [...findYamlTraps(root), ...differencesOf(root)];
  const warnings = own.filter(({ rule }) => rule === 'ignored-key').map(toNote);
  const notes = [...errors, ...warnings, ...differences].sort((a, b) => a.origin.line - b.origin.line);
  return {
    file,
    status: errors.length > 0 ? 'needs-porting' : notes.length > 0 ? 'differs' : 'works',
    notes,
  };
}

function toNote({ origin, message, remedy }: Problem): MigrationNote {
  return { origin, message, ...(remedy !== undefined && { remedy }) };
}

/** What a file that loads does differently here (spec page 02, "Deliberate differences"). */
function differencesOf(root: Field): readonly MigrationNote[] {
  const endpoint = at(root, 'tool') ?? at(root, 'resource') ?? at(root, 'prompt');
  return endpoint === undefined ? siteDifferences(root) : endpointDifferences(root, endpoint);
}

function siteDifferences(root: Field): readonly MigrationNote[] {
  return entriesOf(at(root, 'profiles')).flatMap(([, profile]) => {
    const enabled = at(profile, 'audit', 'enabled');
    if (booleanOf(enabled) !== undefined || at(root, 'project') === undefined) return [];
    return [
      {
        origin: keyOrigin(profile),
        message: 'The audit log is on by default; `audit.enabled: false` switches it off',
      },
    ];
  });
}

function endpointDifferences(root: Field, endpoint: Field): readonly MigrationNote[] {
  const policies = at(endpoint, 'policies') ?? at(root, 'policies');
  const rules = [...itemsOf(at(policies, 'input')), ...itemsOf(at(policies, 'output'))];
  const notes: MigrationNote[] = [];
  if (policies !== undefined && rules.length > 0) {
    const message =
      'A condition that cannot be evaluated denies the call; the Python program skipped the rule';
    notes.push({ origin: keyOrigin(policies), message });
  }
  if (at(root, 'tool') !== undefined && at(endpoint, 'return') === undefined) {
    const message = 'The result is one text block, not one for each row';
    notes.push({
      origin: keyOrigin(endpoint),
      message,
      remedy: 'Declare `return` to get structured results.',
    });
  }
  return notes;
}
