/**
 * What runs inside of Redis, so that it is atomic. `KEYS[1]` is the prefix of the project's keys, which all hash to one slot:
 * `:r:<kind>:<id>` a record, `:k:<kind>` and `:g:<group>` the members of a kind and of a group by when they expire, `:kinds`.
 */
const helpers = `
  local p = KEYS[1]
  local function drop(kind, id)
    local key = p .. ':r:' .. kind .. ':' .. id
    for group in string.gmatch(redis.call('HGET', key, 'g') or '', '%S+') do
      redis.call('ZREM', p .. ':g:' .. group, id .. ' ' .. kind)
    end
    redis.call('ZREM', p .. ':k:' .. kind, id)
    return redis.call('DEL', key)
  end
  local function find(kind, ids)
    for id in string.gmatch(ids, '%S+') do
      local sealed = redis.call('HGET', p .. ':r:' .. kind .. ':' .. id, 's')
      if sealed then return sealed end
    end
    return false
  end
  local function enrol(set, member, expiry, now)
    redis.call('ZADD', set, expiry == '' and '+inf' or expiry, member)
    redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
    local last = redis.call('ZREVRANGE', set, 0, 0, 'WITHSCORES')[2]
    if last == 'inf' then redis.call('PERSIST', set)
    elseif last then redis.call('PEXPIREAT', set, string.format('%.0f', tonumber(last))) end
  end
`;

/** kind, ids, now, id, sealed, groups, expiry, mode (`anything`, `nothing`, `this`), expected → 1 when written. */
export const writeScript = `${helpers}
  local kind, ids, now, id, sealed, groups, expiry, mode, expected = unpack(ARGV)
  if mode ~= 'anything' then
    local found = find(kind, ids)
    if mode == 'nothing' and found then return 0 end
    if mode == 'this' and found ~= expected then return 0 end
  end
  for old in string.gmatch(ids, '%S+') do drop(kind, old) end
  local key = p .. ':r:' .. kind .. ':' .. id
  redis.call('HSET', key, 's', sealed, 'g', groups)
  redis.call('SADD', p .. ':kinds', kind)
  enrol(p .. ':k:' .. kind, id, expiry, now)
  for group in string.gmatch(groups, '%S+') do enrol(p .. ':g:' .. group, id .. ' ' .. kind, expiry, now) end
  if expiry ~= '' then redis.call('PEXPIREAT', key, expiry) end
  return 1
`;

/** kind, ids → the sealed text or false. */
export const readScript = `${helpers}
  return find(ARGV[1], ARGV[2])
`;

/** kind, ids, expected or '' → the sealed text that was removed, or false. */
export const takeScript = `${helpers}
  local kind, ids, expected = unpack(ARGV)
  local found = find(kind, ids)
  if not found or (expected ~= '' and expected ~= found) then return false end
  for id in string.gmatch(ids, '%S+') do drop(kind, id) end
  return found
`;

/** groups → nothing. */
export const removeGroupsScript = `${helpers}
  for group in string.gmatch(ARGV[1], '%S+') do
    for _, member in ipairs(redis.call('ZRANGE', p .. ':g:' .. group, 0, -1)) do
      local id, kind = string.match(member, '^(%S+) (.*)$')
      drop(kind, id)
    end
    redis.call('DEL', p .. ':g:' .. group)
  end
`;

/** now, limit → how many records that had expired by then are gone from the sets of kinds. */
export const sweepScript = `${helpers}
  local swept = 0
  for _, kind in ipairs(redis.call('SMEMBERS', p .. ':kinds')) do
    local over = redis.call('ZRANGEBYSCORE', p .. ':k:' .. kind, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
    for _, id in ipairs(over) do drop(kind, id) end
    swept = swept + #over
  end
  return swept
`;
