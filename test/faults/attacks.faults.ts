import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attacks, sqlAttacks } from '../e2e/attack-cases.js';
import { asMallory, asOneText, attackByCommand, attackSite, gateAttacks } from '../e2e/attack-site.js';
import { leaksIn } from '../e2e/leaks.js';
import type { Site } from '../e2e/program.js';

/** Each call opens the site anew: minutes, which is why only some of the payloads are in the ordinary suite. */
describe.each([
  ['mallory', asMallory, [...attacks, ...sqlAttacks]],
  ['somebody whose permissions are one text', asOneText, gateAttacks],
])('on the command line, %s', (_name, who, chosen) => {
  let site: Site;
  beforeAll(() => {
    site = attackSite();
  });
  afterAll(() => site.remove());

  it(
    'gets nothing out with any payload, nor any escape from the SQL tool',
    { timeout: 900_000 },
    async () => {
      expect(await attackByCommand(site, who, chosen)).toEqual([]);
      expect(leaksIn(site.auditText())).toEqual([]);
    },
  );
});
