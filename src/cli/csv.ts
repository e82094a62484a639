import type { Json } from '../model/json.js';

const formulaStart = /^[=+\-@\t\r]/;

function csvCell(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A name that a stranger chose must not become a formula in a spreadsheet.
  const safe = formulaStart.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line of CSV (RFC 4180, with a line feed). Objects and lists stand as JSON; texts that a spreadsheet would run get an apostrophe. */
export function csvLine(values: readonly (Json | undefined)[]): string {
  return `${values.map(csvCell).join(',')}\n`;
}
