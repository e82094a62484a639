import { performance } from 'node:perf_hooks';

/** One row of the report. `ratio` is ours to the floor's; `target` in words, with the direction in which it counts. */
export interface Row {
  readonly case: string;
  readonly ours: string;
  readonly floor: string;
  readonly ratio: number | undefined;
  readonly target: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export const perSecond = (value: number): string => `${Math.round(value).toLocaleString('en')}/s`;
export const millis = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
export const micros = (value: number): string => `${value.toFixed(2)} µs`;

/** Runs two things in turn, A B A B …, so that a machine whose speed drifts treats both alike; medians of each. */
export async function inTurn(
  rounds: number,
  ours: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<{ readonly ours: number; readonly floor: number }> {
  const a: number[] = [];
  const b: number[] = [];
  for (let round = 0; round < rounds; round++) {
    a.push(await ours());
    b.push(await floor());
  }
  return { ours: median(a), floor: median(b) };
}

/** Calls per second of `work` with `width` of them at once, over `ms` milliseconds. */
export async function throughput(width: number, ms: number, work: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + ms;
  let done = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (performance.now() < end) {
        await work();
        done += 1;
      }
    }),
  );
  return (done * 1000) / (performance.now() - start);
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
