import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { makeSite, siteSecret } from './support.js';

it('a log that cannot be opened says where, as whom, why, and what to do', async () => {
  const site = makeSite();
  writeFileSync(site.folder, 'a file where the folder should be');
  await expect(openAuditLog({ settings: site.settings, siteSecret })).rejects.toMatchObject({
    code: 'AUDIT_UNAVAILABLE',
    message: expect.stringMatching(
      new RegExp(`^Cannot create files in ${site.folder} as user \\S+ \\(EEXIST\\): .*audit\\.path`),
    ) as string,
  });
});

it('a log whose signing key is none says which setting is wrong', async () => {
  const site = makeSite({ signingKey: '-----BEGIN PRIVATE KEY-----' });
  await expect(openAuditLog({ settings: site.settings, siteSecret })).rejects.toMatchObject({
    code: 'AUDIT_UNAVAILABLE',
    message: 'audit.signing_key is no Ed25519 private key in PEM form',
  });
});
