import type { ToolContext } from 'mxcp';
import type { FindAftershocksArgs, FindAftershocksResult } from './types.gen.js';

interface Quake {
  readonly quake_id: string;
  readonly place: string;
  readonly magnitude: number;
}

export async function find_aftershocks(
  { min_magnitude, radius_km }: FindAftershocksArgs,
  ctx: ToolContext,
): Promise<FindAftershocksResult> {
  const quakes = await ctx.db.query<Quake>(
    'SELECT quake_id, place, magnitude FROM earthquakes WHERE magnitude >= $least ORDER BY magnitude DESC, quake_id',
    { least: min_magnitude },
  );
  const found = [];
  for (const [index, quake] of quakes.entries()) {
    ctx.signal.throwIfAborted();
    ctx.progress(index, quakes.length, quake.place);
    const row = await ctx.db.queryOne<{ aftershocks: number }>(
      `SELECT count(*) AS aftershocks
       FROM earthquakes one, earthquakes other
       WHERE one.quake_id = $id AND other.quake_id <> one.quake_id
         AND other.occurred_at BETWEEN one.occurred_at AND one.occurred_at + INTERVAL 2 DAY
         AND distance_km(one.latitude, one.longitude, other.latitude, other.longitude) <= $radius`,
      { id: quake.quake_id, radius: radius_km },
    );
    found.push({ ...quake, aftershocks: row?.aftershocks ?? 0 });
  }
  ctx.progress(quakes.length, quakes.length);
  return found;
}
