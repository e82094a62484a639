import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSite } from './open-site.js';

const noSignals = 'A body may not send signals to other processes';
const noFiles = 'A body may not write files';

/** A body that tells what became of something that it tries. */
function attempt(imports: string, work: string): string {
  return `${imports}
    export async function tries() {
      try {
        return await (${work})();
      } catch (error) {
        return (error as Error).message;
      }
    }`;
}

async function outcomeOf(imports: string, work: string): Promise<unknown> {
  const { run } = await openSite({ 'typescript/tries.ts': attempt(imports, work) });
  return run('tries');
}

describe('what Node is made of, below what the permission model looks at', () => {
  it('a process that was never started cannot be used to signal whatever its memory names', async () => {
    const child = "import { ChildProcess } from 'node:child_process';";
    const handle = '(new (ChildProcess as any)()._handle)';
    expect(await outcomeOf(child, `() => ${handle}.kill(0)`)).toBe(noSignals);
    const put = `() => Object.defineProperty(Object.getPrototypeOf(${handle}), 'kill', { value: 1 })`;
    expect(await outcomeOf(child, put)).toMatch(/Cannot redefine/);
  });

  it('a socket cannot be listened on under a path, which would be a file', async () => {
    const path = join(tmpdir(), `mxcp-never-bound-${process.pid}`);
    const net = "import net from 'node:net';";
    const listen = `() => new Promise((resolve) => {
      net.createServer().on('error', (error) => resolve(error.message)).listen(${JSON.stringify(path)}, () => resolve('allowed'));
    })`;
    expect(await outcomeOf(net, listen)).toBe(noFiles);
    const below = `() => new ((process.stderr as any)._handle.constructor)(0).bind(${JSON.stringify(path)})`;
    expect(await outcomeOf('', below)).toBe(noFiles);
    expect(existsSync(path)).toBe(false);
  });

  it('it listens on a port of its own, and connects to it', async () => {
    const echo = `() => new Promise((resolve, reject) => {
      const server = net.createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1', () => {
        const { port } = server.address() as net.AddressInfo;
        net.connect(port, '127.0.0.1').on('data', (data) => resolve(String(data))).on('error', reject);
      });
    })`;
    expect(await outcomeOf("import net from 'node:net';", echo)).toBe('hello');
  });
});
