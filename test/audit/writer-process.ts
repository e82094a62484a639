import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { siteSecret, type Site } from './support.js';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
let built: string | undefined;

/** The audit folder as JavaScript, for a process of its own. */
function buildAudit(): string {
  if (built !== undefined) return built;
  const target = mkdtempSync(join(tmpdir(), 'mxcp-audit-js-'));
  const files = [
    'errors.ts',
    ...['audit', 'lib'].flatMap((folder) =>
      readdirSync(join(source, folder)).map((name) => join(folder, name)),
    ),
  ];
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const compilerOptions = {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    };
    const { outputText } = ts.transpileModule(readFileSync(join(source, file), 'utf8'), { compilerOptions });
    const path = join(target, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, outputText);
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  built = target;
  return target;
}

const program = `
import { writeSync } from 'node:fs';
const [folder, job] = process.argv.slice(1);
const { openAuditLog } = await import(folder + '/audit/open-audit-log.js');
const { options, name, callers } = JSON.parse(job);
const log = await openAuditLog(options);
const base = { timestamp: new Date().toISOString().slice(0, 23) + '000Z', operation_type: 'tool', operation_name: name, caller_type: 'http', duration_ms: 1 };
async function caller(index) {
  for (let count = 0; ; count += 1) {
    const call_id = name + '-' + index + '-' + count;
    await log.begin({ ...base, call_id, operation_status: 'started', policy_decision: 'n/a', input_data: {} });
    await new Promise((resolve) => setImmediate(resolve));
    await log.append({ ...base, call_id, operation_status: 'success', policy_decision: 'allow', input_data: { pad: 'x'.repeat(count % 3000) } });
    writeSync(1, call_id + '\\n');
  }
}
for (let index = 0; index < callers; index += 1) void caller(index);
`;

/** A process that makes calls without end, and says which of them were acknowledged. */
export interface WriterProcess {
  /** Kills it (SIGKILL) after that many acknowledged calls; resolves with the ids of all of them. */
  killAfter(acknowledged: number): Promise<string[]>;
}

/** Starts a process that writes to the log of a site. */
export function startWriter(site: Site, name: string, callers: number): WriterProcess {
  const options = { settings: site.settings, siteSecret, stateDirectory: site.state };
  const folder = buildAudit();
  const args = ['--input-type=module', '-e', program, folder, JSON.stringify({ options, name, callers })];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return {
    killAfter: (acknowledged) =>
      new Promise((resolve, reject) => {
        let output = '';
        child.stdout?.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          if (output.split('\n').length > acknowledged) child.kill('SIGKILL');
        });
        child.on('error', reject);
        child.on('close', (code, signal) => {
          if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1));
          else reject(new Error(`the writer ended by itself: ${code}`));
        });
      }),
  };
}
