import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The parts of a key's text. Only the id may be shown. */
export interface KeyText {
  /** `<service><serial>`: which service the key is of, and which of its keys. */
  readonly id: string;
  /** Names the record of the service, so that all of its keys change together. */
  readonly service: string;
  /** The whole text, of which 256 bits are random. */
  readonly text: string;
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const serviceLength = 12;
const serialLength = 6;
const secretLength = 43; // digits of base 62 that 256 bits need
const checksumLength = 6; // and that 32 bits need
const form = new RegExp(
  `^mxcp_([0-9a-f]{${serviceLength}})([0-9a-f]{${serialLength}})_[${digits}]{${secretLength + checksumLength}}$`,
);

function base62(number: bigint, length: number): string {
  let text = '';
  for (let rest = number; text.length < length; rest /= 62n)
    text = `${digits[Number(rest % 62n)] ?? ''}${text}`;
  return text;
}

/** Catches typing errors before anything is looked up; it protects nothing. */
function checksum(text: string): string {
  return base62(BigInt(crc32(text)), checksumLength);
}

/** The name's place among the services: a key tells nothing about the name to who cannot guess it. */
export function serviceOf(name: string): string {
  return createHash('sha256').update(`api-key\0${name}`).digest('hex').slice(0, serviceLength);
}

/** True for a text that only a key of ours begins with. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith('mxcp_');
}

/** A new key of a service: `mxcp_<id>_<secret><checksum>`, made of letters, digits and `_`, 75 characters. */
export function newKeyText(name: string): KeyText {
  const service = serviceOf(name);
  const id = `${service}${randomBytes(serialLength / 2).toString('hex')}`;
  const secret = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), secretLength);
  const text = `mxcp_${id}_${secret}`;
  return { id, service, text: `${text}${checksum(text)}` };
}

/** The parts of a key; undefined for a text that is no key or was mistyped. */
export function parseKeyText(text: string): KeyText | undefined {
  const [, service, serial] = form.exec(text) ?? [];
  if (service === undefined || serial === undefined) return undefined;
  if (checksum(text.slice(0, -checksumLength)) !== text.slice(-checksumLength)) return undefined;
  return { id: `${service}${serial}`, service, text };
}
