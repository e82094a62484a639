import { join } from 'node:path';
import type { Problem } from '../errors.js';
import type { Endpoint } from '../model/endpoint.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { checkSchema } from './check-schema.js';
import { endpointKinds, skipped } from './endpoint-file.js';
import { buildTests } from './endpoint-tests.js';
import { at, stringOf, type Field } from './field.js';
import { problemOf, problemOfKey, suggestion } from './problems.js';
import { findYamlFiles, shownPath } from './site-paths.js';
import { readYamlFile } from './yaml-file.js';

/** Endpoints with the tests of `tests/*.yml` added, and what is wrong with these files. */
export interface WithTests {
  readonly endpoints: readonly Endpoint[];
  readonly problems: readonly Problem[];
  /** Absolute paths of the files. */
  readonly files: readonly string[];
}

/**
 * Adds the tests of `tests/*.yml` to their endpoints. A file names its endpoint as the endpoint's own file does (`tool: {name: …,
 * tests: […]}`); other YAML files of that folder (dbt keeps some there) are left alone. `absent`: names of disabled and broken
 * endpoints, whose tests are left out.
 */
export async function addTestFiles(
  root: string,
  endpoints: readonly Endpoint[],
  absent: ReadonlySet<string>,
  users: readonly string[],
): Promise<WithTests> {
  const { files } = await findYamlFiles(root, join(root, 'tests'));
  const byKey = new Map(endpoints.map((endpoint) => [`${endpoint.kind}/${endpoint.name}`, endpoint]));
  const problems: Problem[] = [];
  for (const path of files) {
    const file = await readYamlFile({ path, shown: shownPath(root, path) });
    problems.push(...file.problems);
    if (file.root === undefined) continue;
    const kinds = endpointKinds.filter((kind) => file.root?.entries?.has(kind));
    if (kinds.length !== 1) {
      problems.push(kinds.length === 0 ? skipped(file.source) : severalTargets(file.root, kinds[1] ?? ''));
      continue;
    }
    const checked = checkSchema('test', file.root);
    problems.push(...checked.problems);
    attach(checked.root, byKey, absent, users, problems);
  }
  return {
    endpoints: endpoints.map((endpoint) => byKey.get(`${endpoint.kind}/${endpoint.name}`) ?? endpoint),
    problems,
    files,
  };
}

function attach(
  file: Field,
  byKey: Map<string, Endpoint>,
  absent: ReadonlySet<string>,
  users: readonly string[],
  problems: Problem[],
): void {
  for (const kind of endpointKinds) {
    const target = at(file, kind);
    const named = at(target, kind === 'resource' ? 'uri' : 'name');
    const name = stringOf(named);
    if (named === undefined || name === undefined) continue;
    const endpoint = byKey.get(`${kind}/${name}`);
    if (endpoint === undefined) {
      if (!absent.has(`${kind}/${name}`))
        problems.push(unknownTarget(named, kind, name, [...byKey.keys(), ...absent]));
      continue;
    }
    const { input, output } = endpoint.policies;
    const context = {
      parameters: endpoint.parameters.map((parameter) => parameter.name),
      users,
      ruleIds: [...input, ...output].map(({ id }) => id),
    };
    const tests = [...endpoint.tests, ...buildTests(at(target, 'tests'), context, problems)];
    byKey.set(`${kind}/${name}`, { ...endpoint, tests });
  }
}

function unknownTarget(field: Field, kind: string, name: string, known: readonly string[]): Problem {
  const names = known.flatMap((each) => (each.startsWith(`${kind}/`) ? each.slice(kind.length + 1) : []));
  const remedy = suggestion(didYouMean(name, names));
  return problemOf(field, {
    rule: 'unknown-endpoint',
    message: `There is no ${kind} "${name}" to test`,
    remedy,
  });
}

function severalTargets(root: Field, second: string): Problem {
  const message = 'This file has tests of more than one endpoint';
  return problemOfKey(at(root, second) ?? root, {
    rule: 'several-endpoints',
    message,
    remedy: 'Give each its own file.',
  });
}
