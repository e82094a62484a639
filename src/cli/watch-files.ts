import { basename } from 'node:path';

const quietMs = 100;
const ignored = new Set(['node_modules', '.git', '.mxcp', 'audit', 'data']);

/**
 * Calls `changed` once when it has begun to watch, and after files below `root` that `wanted` takes were changed, added or
 * removed: once per burst, and never twice at a time. Resolves when the signal aborts; rejects with what `changed` throws, and when watching is not possible.
 */
export async function watchFiles(
  root: string,
  wanted: (path: string) => boolean,
  changed: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const { watch } = await import('chokidar');
  const skip = (path: string): boolean => path !== root && ignored.has(basename(path));
  const watcher = watch(root, { ignored: skip, ignoreInitial: true });
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  try {
    await new Promise<void>((resolve, reject) => {
      const run = (): void => {
        running = running.then(changed);
        running.catch(reject);
      };
      watcher.on('all', (_event, path) => {
        if (!wanted(path)) return;
        clearTimeout(timer);
        timer = setTimeout(run, quietMs);
      });
      watcher.on('ready', run);
      watcher.on('error', reject);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await running;
  } finally {
    clearTimeout(timer);
    await watcher.close();
  }
}
