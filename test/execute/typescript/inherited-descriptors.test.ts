import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const body = `import fs from 'node:fs';
export default function () {
  const found: string[] = [];
  for (let fd = 4; fd < 300; fd++) {
    try {
      const bytes = Buffer.alloc(100);
      if (fs.fstatSync(fd).isFile()) found.push(bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, 100, 0)));
    } catch {
      // not open
    }
  }
  return found;
}
`;

function program(root: string): string {
  const at = (path: string): string => JSON.stringify(join(import.meta.dirname, path));
  return `
    import fs from 'node:fs';
    import { openBodies } from ${at('../../../src/execute/typescript/open-bodies.ts')};
    import { bodyFile, bodySettings, quietHost } from ${at('bodies.ts')};
    const root = ${JSON.stringify(root)};
    const body = bodyFile(root, 'typescript/look.ts', []);
    const bodies = await openBodies({
      bodies: [body], plugins: [], host: quietHost, settings: bodySettings(root), root, config: {}, environment: {},
      output: (line) => console.error(line),
    });
    const signal = AbortSignal.timeout(20_000);
    const { worker } = await bodies.lend(bodies.moduleOf(body), 'somebody', signal);
    const facts = { user: {}, request: {}, traceId: null, maxBytes: 1000 };
    const { value } = await worker.run({ module: bodies.moduleOf(body), args: {}, facts, host: quietHost, signal });
    const own = [5, 251].map((fd) => fs.readFileSync(fd, 'utf8'));
    console.log(JSON.stringify({ own, value }));
    await bodies.close();
  `;
}

it.skipIf(process.platform !== 'linux')(
  'a body has no descriptor that the server was started with',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'mxcp-inherited-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, 'typescript'));
    writeFileSync(join(root, 'typescript/look.ts'), body);
    writeFileSync(join(root, 'locked'), 'of the supervisor');
    // Node itself closes the low ones.
    const words = ['-c', 'exec 5<locked 251<locked; exec "$@"', 'bash', process.execPath];
    const child = spawn(
      'bash',
      [...words, '--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program(root)],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await once(child, 'close');
    expect(JSON.parse(said)).toEqual({ own: ['of the supervisor', 'of the supervisor'], value: [] });
  },
);
