import { openStore } from '../../../src/auth/store/open-store.js';

/** Adds to a counter and takes codes, as one of several processes that share a store. Prints the codes that it got. */
const [path = '', secret = '', rounds = '0'] = process.argv.slice(2);
const store = await openStore({
  settings: { type: 'sqlite', path },
  project: 'shop',
  secret,
  previousSecrets: [],
});
const taken: string[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  await store.change('count', 'one', (old) => Number(old ?? 0) + 1);
  if ((await store.take('code', String(round))) !== undefined) taken.push(String(round));
}
await store.close();
process.stdout.write(JSON.stringify(taken));
