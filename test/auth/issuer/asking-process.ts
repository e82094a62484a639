import { createAccounts } from '../../../src/auth/issuer/accounts.js';
import { createUpstream } from '../../../src/auth/issuer/upstream.js';
import { openStore } from '../../../src/auth/store/open-store.js';
import { startStandIn } from './stand-in-provider.js';

/** Asks about a person at a provider that never answers, as a server of its own: it says so, and waits to be killed. */
const [path = '', secret = '', key = ''] = process.argv.slice(2);
const store = await openStore({
  settings: { type: 'sqlite', path },
  project: 'shop',
  secret,
  previousSecrets: [],
});
const { provider } = await startStandIn('acme', true);
provider.refresh = () => {
  process.stdout.write('asking');
  return new Promise(() => undefined);
};
const upstream = createUpstream({
  store,
  accounts: createAccounts(store, 3_600_000),
  providers: new Map([['acme', provider]]),
  accountPage: 'http://127.0.0.1/oauth',
  maxAgeMs: 3_600_000,
  record: () => Promise.resolve(),
  warn: () => undefined,
});
await upstream.token(key);
