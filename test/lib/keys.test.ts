import { describe, expect, it } from 'vitest';
import { deriveKey } from '../../src/lib/keys.js';

describe('keys derived from the site secret', () => {
  const hex = (secret: string, label: string): string => deriveKey(secret, label).export().toString('hex');

  it('are 256 bits, the same every time, and different for each label and each secret', () => {
    const key = hex('a site secret', 'audit-hmac');
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(hex('a site secret', 'audit-hmac')).toBe(key);
    expect(hex('a site secret', 'hash-mask')).not.toBe(key);
    expect(hex('another site secret', 'audit-hmac')).not.toBe(key);
  });

  // Computed with an independent HKDF.
  it('do not change between versions: what was signed or masked stays comparable', () => {
    expect(hex('a site secret', 'audit-hmac')).toBe(
      '95647d792b3309e7ffb6e407b1dc91e68597c993298c9f2e35c1be1943a7bf0b',
    );
  });
});
