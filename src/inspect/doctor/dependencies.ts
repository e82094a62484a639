import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../../model/project.js';
import { type Finding, verdict } from './finding.js';

const item = { id: 'dependencies', title: 'Packages of the site have no known holes' };
const seconds = 60;

/** `npm audit` exits with 1 when it found something: its report counts, not its code. */
function npmAudit(folder: string): Promise<unknown> {
  return new Promise((resolve) => {
    const options = { cwd: folder, timeout: seconds * 1000, maxBuffer: 16 * 1024 * 1024 };
    execFile('npm', ['audit', '--omit=dev', '--json'], options, (_error, stdout) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        resolve(undefined);
      }
    });
  });
}

function severities(report: unknown): ReadonlyMap<string, number> | undefined {
  if (typeof report !== 'object' || report === null || !('metadata' in report)) return undefined;
  const { metadata } = report;
  if (typeof metadata !== 'object' || metadata === null || !('vulnerabilities' in metadata)) return undefined;
  const counts = metadata.vulnerabilities;
  if (typeof counts !== 'object' || counts === null) return undefined;
  return new Map(
    Object.entries(counts).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

/** Row S4-141: asks the registry about the packages that the site locks. Without a lock file there is nothing to ask. */
export async function dependencies({ root }: Project): Promise<Finding> {
  const locked = await access(join(root, 'package-lock.json')).then(
    () => true,
    () => false,
  );
  if (!locked) return { ...item, status: 'pass', detail: 'the site locks no packages' };
  const counts = severities(await npmAudit(root));
  if (counts === undefined) {
    const detail = 'npm audit gave no answer: the registry could not be asked';
    return { ...item, status: 'note', detail };
  }
  const bad = (counts.get('high') ?? 0) + (counts.get('critical') ?? 0);
  return verdict(item, bad === 0, {
    pass: `npm audit: ${counts.get('total') ?? 0} known, none of them high or critical`,
    fail: `npm audit: ${bad} high or critical`,
    fix: 'npm audit fix, or replace the package',
  });
}
