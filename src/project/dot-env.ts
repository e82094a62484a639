import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigNotFoundError } from '../errors.js';
import type { Environment } from './expand.js';

/** The environment with what a `.env` file in `folder` adds; what is set already stays. No file is no problem. */
export function withDotEnv(env: Environment, folder: string): Environment {
  const path = join(folder, '.env');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return env;
    throw new ConfigNotFoundError(`Cannot read ${path}; leave it out with --no-env-file`, { cause: error });
  }
  return {
    ...parseEnv(text),
    ...Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
  };
}
