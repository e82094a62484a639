import { crc32 } from './crc32.js';
import { deflateSync } from 'node:zlib';

const height = 120;
const barWidth = 20;
const gap = 6;

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A bar chart as a PNG of one byte per pixel: bars on white, no axes. */
export function barChart(values: readonly number[]): Uint8Array {
  const width = values.length * (barWidth + gap) + gap;
  const highest = Math.max(...values, 1);
  const rows = Buffer.alloc((width + 1) * height, 255);
  for (let y = 0; y < height; y++) {
    const row = y * (width + 1);
    rows[row] = 0; // the row is not filtered
    values.forEach((value, index) => {
      const left = row + 1 + gap + index * (barWidth + gap);
      if (height - y <= (value / highest) * height) rows.fill(70, left, left + barWidth);
    });
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8); // eight bits of grey
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
