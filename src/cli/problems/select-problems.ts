import { existsSync, realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { UsageError, type Problem } from '../../errors.js';
import { didYouMean } from '../../lib/did-you-mean.js';
import type { Project } from '../../model/project.js';

/** Where a command line's `FILE` and `NAME` are looked for. */
export interface TargetSpace {
  readonly root: string;
  readonly cwd: string;
  readonly project: Project | undefined;
  /** Absolute paths of the files of the site. */
  readonly files: readonly string[];
}

interface Name {
  readonly name: string;
  /** `kind/name`. */
  readonly label: string;
  readonly file: string;
}

function namesOf(project: Project | undefined): readonly Name[] {
  const broken = (project?.broken ?? []).map(({ kind = '', name = '', file }) => ({ kind, name, file }));
  const served = (project?.endpoints ?? []).map(({ kind, name, origin: { file } }) => ({ kind, name, file }));
  return [...served, ...broken].map(({ kind, name, file }) => ({ name, label: `${kind}/${name}`, file }));
}

/** Tells whether a problem belongs to one target: an endpoint by name or `kind/name`, or a file of the site. */
function targetFilter(space: TargetSpace, target: string): (problem: Problem) => boolean {
  const stated = resolve(space.cwd, target);
  // Endpoint files are known by their real paths, others by the ones that name them.
  const paths = [stated, ...(existsSync(stated) ? [realpathSync(stated)] : [])];
  const path = paths.find((one) => space.files.includes(one));
  if (path !== undefined) {
    const file = relative(space.root, path).replaceAll('\\', '/');
    const labels = new Set(namesOf(space.project).flatMap((one) => (one.file === file ? [one.label] : [])));
    return ({ origin, endpoint }) => origin.file === file || (endpoint !== undefined && labels.has(endpoint));
  }
  const named = namesOf(space.project).filter(({ name, label }) => name === target || label === target);
  if (named.length === 0) throw unknownTarget(space, target);
  const labels = new Set(named.map(({ label }) => label));
  const files = new Set(named.map(({ file }) => file));
  return ({ endpoint, origin }) => (endpoint === undefined ? files.has(origin.file) : labels.has(endpoint));
}

function unknownTarget(space: TargetSpace, target: string): UsageError {
  const near = didYouMean(
    target,
    namesOf(space.project).map(({ name }) => name),
  );
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return new UsageError(`${target} is no endpoint and no file of this site${hint}`);
}

/** The problems of the targets; all when there are none. Throws `UsageError` for a target that does not exist. */
export function selectProblems(
  problems: readonly Problem[],
  space: TargetSpace,
  targets: readonly string[],
): readonly Problem[] {
  if (targets.length === 0) return problems;
  const filters = targets.map((target) => targetFilter(space, target));
  return problems.filter((problem) => filters.some((matches) => matches(problem)));
}
