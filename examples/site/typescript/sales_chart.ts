import { content, type ToolContext } from 'mxcp';
import { barChart } from './bar-chart.js';
import type { SalesChartArgs } from './types.gen.js';

interface Month {
  readonly month: number;
  readonly turnover: number;
}

export async function sales_chart({ year }: SalesChartArgs, ctx: ToolContext): Promise<unknown> {
  const months = await ctx.db.query<Month>(
    `SELECT month(ordered_on) AS month, sum(total)::DOUBLE AS turnover
     FROM order_totals WHERE year(ordered_on) = $year GROUP BY ALL ORDER BY ALL`,
    { year },
  );
  const bars = Array.from({ length: 12 }, (_, index) => {
    return months.find(({ month }) => month === index + 1)?.turnover ?? 0;
  });
  const total = bars.reduce((sum, turnover) => sum + turnover, 0);
  return [
    content.text(`Turnover of ${year}: ${total.toFixed(2)} EUR, by month in the chart.`),
    content.image(barChart(bars), 'image/png'),
  ];
}
