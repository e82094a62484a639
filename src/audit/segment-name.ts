import { basename, dirname } from 'node:path';
import { segmentTime } from './timestamp.js';

/** Where a site's log lives: segments are `<folder>/<stem>-YYYYMMDDTHHMMSSZ-<writer>.jsonl` (spec page 05, "Durability"). */
export interface LogPlace {
  readonly folder: string;
  readonly stem: string;
}

/** The place that `audit.path` means. */
export function logPlace(path: string): LogPlace {
  return { folder: dirname(path), stem: basename(path).replace(/\.jsonl$/, '') };
}

/** The name of a segment. */
export function segmentName(stem: string, millis: number, writer: string): string {
  return `${stem}-${segmentTime(millis)}-${writer}.jsonl`;
}

export interface SegmentName {
  readonly name: string;
  readonly writer: string;
  /** When it was begun, milliseconds since the Unix epoch. */
  readonly begun: number;
}

const tailPattern = /^-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([0-9a-f]{12})\.jsonl$/;

/** Reads a segment's name; undefined for every other file of the folder. */
export function parseSegmentName(stem: string, name: string): SegmentName | undefined {
  const match = name.startsWith(stem) ? tailPattern.exec(name.slice(stem.length)) : null;
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, writer = ''] = match;
  const begun = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return { name, writer, begun };
}
