import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser of this machine: `CHROMIUM`, else the first of the usual names in `PATH`. Throws with what to install. */
function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const found = [process.env['CHROMIUM'] ?? '', ...places].find((path) => path !== '' && isProgram(path));
  if (found !== undefined) return found;
  throw new Error('There is no Chromium: install it (`apt-get install chromium`), or name one in CHROMIUM');
}

/** Starts Chromium without a window. */
export function openChromium(): Promise<Browser> {
  // A container's root cannot use the browser's own sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: findChromium(), args });
}
