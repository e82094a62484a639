import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Buckets, Charge, Level, Taken } from './buckets.js';
import { decide } from './buckets.js';
import { createMemoryBuckets } from './memory-buckets.js';
import type { TierCounter } from './tier-statistics.js';

/**
 * Levels of all buckets by the server's clock; takes a token from each when each has one. A bucket lives as long as it takes
 * to fill. Arguments: rate per minute and burst of each key.
 */
const script = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local levels, granted = {}, true
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local kept = redis.call('HMGET', key, 't', 'a')
  local tokens = burst
  if kept[1] then tokens = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate / 60000) end
  levels[i] = tokens
  granted = granted and tokens >= 1
end
if granted then
  for i, key in ipairs(KEYS) do
    local rate, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    redis.call('HSET', key, 't', string.format('%.6f', levels[i] - 1), 'a', string.format('%.3f', now))
    redis.call('PEXPIRE', key, math.ceil((burst - levels[i] + 1) * 60000 / rate) + 1000)
  end
end
for i, tokens in ipairs(levels) do levels[i] = string.format('%.6f', tokens) end
return levels`;

/** How long a call may wait for the server, milliseconds. */
const patienceMs = 500;
/** How long a connection may leave commands without an answer before it is given up, with all that wait on it, milliseconds. */
const silenceMs = 2_000;

/** Where shared buckets are. */
export interface SharedBuckets {
  readonly url: string;
  /** Before every key, so that several sites can share a server. */
  readonly prefix: string;
  /** Hears once of each time that the server cannot be reached. */
  readonly warn: (error: unknown) => void;
  /** Hears of each decision. */
  readonly note: TierCounter['note'];
}

/** What an error says: the library's have the command with them, be it the password or whose bucket it is about. */
function plain(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('unknown');
  const code = 'code' in error ? String(error.code) : error.name;
  return new Error(error.message === '' ? code : error.message);
}

/**
 * Buckets that all replicas share. While the server cannot be reached, this process limits by its own memory: calls are
 * neither refused for that nor unlimited.
 */
export async function openRedisBuckets({ url, prefix, warn, note }: SharedBuckets): Promise<Buckets> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    commandTimeout: patienceMs,
    connectTimeout: 5_000,
    socketTimeout: silenceMs,
  });
  let reachable = true;
  const lose = (error: unknown): void => {
    if (reachable) warn(plain(error));
    reachable = false;
  };
  redis.on('error', lose);
  redis.on('ready', () => {
    reachable = true;
  });
  await once(redis, 'ready').catch(() => undefined); // the listener above has said why
  const own = createMemoryBuckets(undefined, undefined, note);

  async function levelsOf(charges: readonly Charge[]): Promise<Level[]> {
    const keys = charges.map(({ key }) => prefix + key);
    const rates = charges.flatMap(({ rate }) => [rate.perMinute, rate.burst]);
    const levels = (await redis.eval(script, keys.length, ...keys, ...rates)) as readonly string[];
    return charges.map((charge, index) => ({ ...charge, tokens: Number(levels[index]) }));
  }

  return {
    take: async (charges): Promise<Taken> => {
      try {
        const levels = await levelsOf(charges);
        reachable = true;
        note(levels);
        return decide(levels);
      } catch (error) {
        lose(error);
        return own.take(charges);
      }
    },
    close: () => {
      redis.disconnect();
      return Promise.resolve();
    },
  };
}
