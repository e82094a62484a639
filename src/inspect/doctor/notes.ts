import type { Project } from '../../model/project.js';
import type { Finding } from './finding.js';

function shadowRules({ endpoints }: Project): readonly Finding[] {
  const ids = new Set(
    endpoints.flatMap(({ policies }) =>
      [...policies.input, ...policies.output].filter(({ mode }) => mode === 'shadow').map(({ id }) => id),
    ),
  );
  if (ids.size === 0) return [];
  const detail = `recorded, without effect: ${[...ids].sort().join(', ')}`;
  return [{ id: 'shadow-rules', title: 'Rules in shadow mode', status: 'note', detail }];
}

function nodeVersion(version: string): readonly Finding[] {
  if (Number(version.split('.')[0]) > 20) return [];
  const detail = `Node ${version} gets no security fixes since April 2026: production belongs on 22 or 24`;
  return [{ id: 'node', title: 'Version of Node', status: 'note', detail }];
}

function generatedSecret({ secretKey }: Project): readonly Finding[] {
  if (secretKey !== undefined) return [];
  const detail =
    'no secret_key is configured: one is generated on this machine, and other replicas cannot share it';
  return [{ id: 'site-secret', title: 'Site secret', status: 'note', detail }];
}

/** What the operator should know although nothing failed. */
export function notes(project: Project, nodeVersionText: string): readonly Finding[] {
  return [...shadowRules(project), ...nodeVersion(nodeVersionText), ...generatedSecret(project)];
}
