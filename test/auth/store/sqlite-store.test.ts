import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeContract } from './store-contract.js';

storeContract('SQLite', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'mxcp-store-')), 'shop', 'oauth.db');
  return Promise.resolve({ type: 'sqlite', path });
});
