import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveSite } from '../bench/processes.js';
import { conformAuthorization } from './authorization.js';

/**
 * Runs the official conformance tool: server side over both protocol revisions against `test/fixtures/conformance-site`,
 * and its authorization suite against a server with sign-in.
 * It needs the npm registry, for the tool itself and for the Node that the tool needs. A scenario that is expected to fail
 * and passes breaks the run, as one that fails does.
 */
const tool = ['-y', '-p', 'node@22', '-p', '@modelcontextprotocol/conformance@0.2.0-alpha.12', 'conformance'];
const fixture = fileURLToPath(new URL('../fixtures/conformance-site', import.meta.url));

function conform(url: string, revision: string): Promise<number> {
  const expected = fileURLToPath(new URL(`expected-failures-${revision}.yml`, import.meta.url));
  const results = mkdtempSync(join(tmpdir(), 'mxcp-conformance-results-'));
  const args = [
    ...tool,
    'server',
    '--url',
    url,
    '--requirements',
    revision,
    '--expected-failures',
    expected,
    '-o',
    results,
  ];
  const child = spawn('npx', args, { stdio: 'inherit' });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

const site = mkdtempSync(join(tmpdir(), 'mxcp-conformance-'));
cpSync(fixture, site, { recursive: true });
const served = await serveSite(site);
try {
  for (const revision of ['2026-07-28', '2025-11-25']) {
    process.stdout.write(`\n== ${revision}\n`);
    process.exitCode = Math.max(Number(process.exitCode ?? 0), await conform(served.url, revision));
  }
} finally {
  await served.close();
}

process.stdout.write('\n== authorization\n');
process.exitCode = Math.max(Number(process.exitCode ?? 0), await conformAuthorization(tool));
