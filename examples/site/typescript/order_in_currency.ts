import { ToolError, type ToolContext } from 'mxcp';
import type { OrderInCurrencyArgs, OrderInCurrencyResult } from './types.gen.js';

/** See services/rates.mjs, which answers with rates that never change. */
const rates = 'http://127.0.0.1:8899';

interface Order {
  readonly total: number;
  readonly region: string;
}

export async function order_in_currency(
  { order_id, currency }: OrderInCurrencyArgs,
  ctx: ToolContext,
): Promise<OrderInCurrencyResult> {
  const order = await ctx.db.queryOne<Order>(
    'SELECT total::DOUBLE AS total, region FROM order_totals WHERE order_id = $order_id',
    { order_id },
  );
  if (order === null) throw new ToolError('There is no such order');
  const answer = await ctx.fetch(`${rates}/rate/EUR/${currency}`);
  if (!answer.ok) throw new ToolError('The rates service does not answer; try again later');
  const { rate } = (await answer.json()) as { rate: number };
  return { order_id, region: order.region, currency, total: Math.round(order.total * rate * 100) / 100 };
}
