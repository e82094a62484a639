import { InvalidArgumentError, Option } from 'commander';

/** A page of a long list. */
export interface PageOptions {
  readonly limit: number;
  readonly offset: number;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(text);
}

/** `--limit`: how many of `things` a page has, 100 unless it says otherwise. */
export function limitOption(things: string): Option {
  return new Option('--limit <n>', `${things} to show`).argParser(wholeNumber).default(100);
}

/** `--offset`: how many of `things` are before the page. */
export function offsetOption(things: string): Option {
  return new Option('--offset <n>', `${things} to skip`).argParser(wholeNumber).default(0);
}
