import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../../src/auth/store/open-store.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { openAt, secret, storeContract } from './store-contract.js';

let server: RedisServer;
let database = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

/** An empty database of the server. */
const fresh = async (): Promise<{ type: 'redis'; url: string }> => {
  database = (database + 1) % 16;
  const url = server.url.replace(/\d+$/, String(database));
  const redis = server.cli();
  await redis.select(database);
  await redis.flushdb();
  redis.disconnect();
  return { type: 'redis', url };
};

storeContract('Redis', fresh);

describe('the store in Redis', () => {
  it('keeps the projects of one server apart', async () => {
    const settings = await fresh();
    const open = (project: string, key: string) =>
      openStore({ settings, project, secret: key, previousSecrets: [] });
    const [shop, bank] = await Promise.all([
      open('shop', secret),
      open('bank {shop}:', 'another secret of a site'),
    ]);
    await shop.put('token', 'a', 1);
    expect(await bank.get('token', 'a')).toBeUndefined();
    expect(await bank.list('token')).toEqual([]);
    await Promise.all([shop.close(), bank.close()]);
  });

  it('lets Redis itself remove what has expired, and keeps no member of it', async () => {
    const settings = await fresh();
    const store = await openAt(settings);
    const expiresAt = Date.now() + 60_000;
    await store.put('token', 'a', 1, { expiresAt, groups: ['ann'] });
    const redis = server.cli();
    await redis.select(Number(/\d+$/.exec(settings.url)?.[0]));
    const keys = (await redis.keys('*:[rkg]:*')).sort();
    expect(keys).toHaveLength(3);
    const ends = await Promise.all(keys.map((key) => redis.pexpiretime(key)));
    expect(ends).toEqual([expiresAt, expiresAt, expiresAt]);
    redis.disconnect();
  });

  it('has nothing readable in it', async () => {
    const settings = await fresh();
    const store = await openAt(settings);
    const planted = ['planted-id-4711', 'planted-group-4711', 'planted-value-4711'];
    await store.put('token', planted[0] ?? '', { token: planted[2] ?? '' }, { groups: [planted[1] ?? ''] });
    const redis = server.cli();
    await redis.select(Number(/\d+$/.exec(settings.url)?.[0]));
    const dump = await Promise.all(
      (await redis.keys('*')).map(async (key) => `${key} ${await redis.dump(key)}`),
    );
    redis.disconnect();
    expect(dump.length).toBeGreaterThan(3);
    for (const text of planted) expect(dump.join('\n')).not.toContain(text);
  });

  it('fails within seconds with its address while the server answers nothing, and works again after', async () => {
    const settings = await fresh();
    const store = await openAt(settings);
    await store.put('token', 'a', 1);
    server.freeze();
    const started = Date.now();
    await expect(store.get('token', 'a')).rejects.toMatchObject({
      code: 'AUTH_UNAVAILABLE',
      message: expect.stringContaining('redis://127.0.0.1') as string,
    });
    expect(Date.now() - started).toBeLessThan(8000);
    server.thaw();
    await expect.poll(() => store.get('token', 'a').catch(() => 'not yet'), { timeout: 10_000 }).toBe(1);
  });

  it('connects again to a server that was restarted', async () => {
    const settings = await fresh();
    const store = await openAt(settings);
    await store.put('token', 'a', 1);
    await server.restart();
    await expect.poll(() => store.get('token', 'a').catch(() => 'not yet'), { timeout: 10_000 }).toBe(1);
  });

  it('says where it looked and what to do when nothing answers, without the password', async () => {
    const opening = openAt({ type: 'redis', url: 'redis://user:hunter2@127.0.0.1:1/0' });
    await expect(opening).rejects.toMatchObject({ code: 'AUTH_UNAVAILABLE' });
    const error = await opening.catch((caught: unknown) => caught);
    expect(String(error)).toContain('redis://127.0.0.1:1/0 cannot be reached (ECONNREFUSED)');
    expect(String(error)).not.toContain('hunter2');
  });

  it('says that the server refuses the credentials', async () => {
    const redis = server.cli();
    await redis.config('SET', 'requirepass', 'the right one');
    onTestFinished(async () => {
      await redis.config('SET', 'requirepass', '');
      redis.disconnect();
    });
    const url = server.url.replace('//', '//:wrong@');
    await expect(openAt({ type: 'redis', url })).rejects.toThrow(/cannot be reached \((WRONGPASS|NOAUTH)\)/);
  });
});
