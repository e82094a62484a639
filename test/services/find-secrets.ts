import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name → what must be found nowhere. */
export type Secrets = ReadonlyMap<string, string>;

/** Base64 of a text inside of a longer one: without the characters at its ends that its neighbours share. */
function insideBase64(secret: string, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from('\0'.repeat(before) + secret)
      .toString(encoding)
      .replace(/=+$/, '');
    const first = before === 0 ? 0 : 4;
    return encoded.slice(first, first + 4 * Math.floor((encoded.length - first - 1) / 4));
  });
}

const computed = new Map<string, readonly string[]>();

/** How a secret can be written: as it is, encoded for other places, and as a plain digest. */
export function formsOf(secret: string): readonly string[] {
  const forms = computed.get(secret) ?? computeForms(secret);
  computed.set(secret, forms);
  return forms;
}

function computeForms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const digest = createHash('sha256').update(secret);
  const digested = digest.digest();
  return [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(encodeURIComponent(secret)),
    JSON.stringify(secret).slice(1, -1),
    ...insideBase64(secret, 'base64'),
    ...insideBase64(secret, 'base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    Buffer.from(secret, 'utf16le').toString('latin1'),
    digested.toString('hex'),
    digested.toString('base64'),
    digested.toString('base64url'),
  ];
}

/** Names of the secrets that a text or file has in any form. */
export function secretsIn(content: string | Buffer, secrets: Secrets): string[] {
  const text = typeof content === 'string' ? content : content.toString('latin1');
  return [...secrets].flatMap(([name, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [name] : [],
  );
}

/** File below a folder → names of the secrets that it has; files without one are left out. */
export function secretsBelow(folder: string, secrets: Secrets): Record<string, string[]> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = files.map((file) => [file, secretsIn(readFileSync(file), secrets)] as const);
  return Object.fromEntries(found.filter(([, secret]) => secret.length > 0));
}
