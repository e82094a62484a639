import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { minimalSite, newSite, place, read } from './site.js';

const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = ed25519.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;

const site = `${minimalSite}profiles:
  default:
    audit:
      signing_key: file://key.pem
`;

it('a signing key of the log is taken from its file', async () => {
  const { project, problems } = await read(await newSite({ 'mxcp-site.yml': site, 'key.pem': pem }));
  expect(problems).toEqual([]);
  expect(project?.audit.signingKey).toBe(pem.trim());
});

it.each([
  ['a public key', ed25519.publicKey.export({ format: 'pem', type: 'spki' }) as string],
  ['a key of another kind', rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string],
  ['half a key', pem.slice(0, 60)],
])(
  '%s is no signing key, and the problem says where it is named and how to make one',
  async (_what, text) => {
    const { problems, siteErrors } = await read(await newSite({ 'mxcp-site.yml': site, 'key.pem': text }));
    expect(problems.map(place)).toEqual(['mxcp-site.yml:7:7 wrong-value']);
    expect(siteErrors[0]?.remedy).toContain('openssl genpkey -algorithm ed25519');
  },
);

it('a signing key whose file is missing is told once', async () => {
  const { problems } = await read(await newSite({ 'mxcp-site.yml': site }));
  expect(problems.map(place)).toEqual(['mxcp-site.yml:7:20 unresolved-reference']);
});

it('a text that is no signing key is not quoted', async () => {
  const text = `${minimalSite}profiles:\n  default:\n    audit:\n      signing_key:\n        hunter2hunter2\n`;
  const { problems } = await read(await newSite({ 'mxcp-site.yml': text }));
  expect(problems.map(place)).toEqual(['mxcp-site.yml:7:7 wrong-value']);
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

it.each([
  ['max_file_size: 50', 'wrong-value', '8192 bytes'],
  ['max_record_bytes: 0', 'wrong-value', '4096 bytes'],
  ['max_record_bytes: 64', 'wrong-value', '4096 bytes'],
  ['max_value_bytes: 4B', 'wrong-value', '64 bytes'],
  ['sync_interval: 0', 'wrong-value', '10 ms'],
])(
  '%s is a slip of units: records would lose what they say, or get a file each',
  async (line, rule, least) => {
    const text = `${minimalSite}profiles:\n  default:\n    audit:\n      ${line}\n`;
    const { problems } = await read(await newSite({ 'mxcp-site.yml': text }));
    expect(problems.map((problem) => [problem.rule, problem.origin.line])).toEqual([[rule, 7]]);
    expect(problems[0]?.message).toContain(least);
  },
);

it('the smallest bounds of records and files are taken', async () => {
  const lines = [
    'max_file_size: 8KiB',
    'max_record_bytes: 4KiB',
    'max_value_bytes: 64',
    'sync_interval: 10ms',
  ];
  const text = `${minimalSite}profiles:\n  default:\n    audit: {${lines.join(', ')}}\n`;
  const { problems } = await read(await newSite({ 'mxcp-site.yml': text }));
  expect(problems).toEqual([]);
});
