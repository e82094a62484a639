import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/lib/canonical-json.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import type { Json } from '../../src/model/json.js';
import { entry, makeSite, siteSecret } from '../audit/support.js';

describe('canonical JSON', () => {
  it('is what RFC 8785 gives for its own examples', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    const sorted = JSON.parse(canonicalJson(keys)) as object;
    expect(canonicalJson(keys)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
    expect(sorted).toEqual(keys);
  });

  it('sorts names that look like numbers as names', () => {
    expect(canonicalJson({ '9': 1, '10': 2, a: 3 })).toBe('{"10":2,"9":1,"a":3}');
  });

  it('means the same as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(canonicalJson(value as Json))).toEqual(expected);
        expect(canonicalJson(JSON.parse(canonicalJson(value as Json)) as Json)).toBe(
          canonicalJson(value as Json),
        );
      }),
    );
  });
});

describe('the hash of a record', () => {
  it('can be computed by anyone from the published rule', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret });
    await log.append(
      entry({
        input_data: { '9': 1, '10': 'ü\u0000"', nested: { b: [1.5, null], a: '' } },
        username: 'x'.repeat(100),
      }),
    );
    const path = join(site.folder, log.status().segment);
    await log.close();
    for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
      const { record_hash: hash, signature, ...rest } = JSON.parse(line) as Record<string, Json>;
      expect(signature).toMatch(/^hmac-sha256:[\w-]{43}$/);
      expect(createHash('sha256').update(canonicalJson(rest)).digest('hex')).toBe(hash);
    }
  });
});
