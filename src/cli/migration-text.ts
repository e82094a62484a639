import type { FileMigration } from '../project/migration.js';
import type { Colors } from './context.js';
import { printable } from './printable.js';

const titles = { works: 'works', differs: 'differs', 'needs-porting': 'needs porting' } as const;

/** Per file: works, differs (how), needs porting; then the totals (spec page 02, "Accepted for compatibility"). */
export function migrationText(files: readonly FileMigration[], colors: Colors): string {
  const paint = { works: colors.green, differs: colors.yellow, 'needs-porting': colors.red };
  const lines = files.flatMap(({ file, status, notes }) => [
    `${paint[status](titles[status])} ${printable(file)}`,
    ...notes.flatMap(({ origin, message, remedy }) => [
      `    ${origin.line}:${origin.column} ${printable(message)}`,
      ...(remedy === undefined ? [] : [`      ${printable(remedy)}`]),
    ]),
  ]);
  const count = (status: FileMigration['status']): number =>
    files.filter((one) => one.status === status).length;
  const totals = (['works', 'differs', 'needs-porting'] as const).map(
    (one) => `${titles[one]}: ${count(one)}`,
  );
  return [...lines, '', totals.join(', ')].join('\n');
}
