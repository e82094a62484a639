import Table from 'cli-table3';
import type { Colors } from './context.js';
import { printable } from './printable.js';

const none = '';
const borders = {
  top: none,
  'top-mid': none,
  'top-left': none,
  'top-right': none,
  bottom: none,
  'bottom-mid': none,
  'bottom-left': none,
  'bottom-right': none,
  left: none,
  'left-mid': none,
  mid: none,
  'mid-mid': none,
  right: none,
  'right-mid': none,
  middle: '  ',
};

/** The text of a cell, or one that has a colour of its own. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

/** A cell on one line, safe for a terminal. */
export function cellText(cell: Cell): string {
  const text = printable(typeof cell === 'string' ? cell : cell.text).replaceAll(/[\t\n]/g, ' ');
  return typeof cell === 'string' ? text : cell.paint(text);
}

/** Rows under a head, in columns as wide as they need, without lines. Cells are made safe for a terminal. */
export function tableText(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  colors: Colors,
): string {
  const table = new Table({
    head: head.map((title) => colors.bold(printable(title))),
    chars: borders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(row.map(cellText));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
