import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChainWriter } from '../../src/audit/chain-writer.js';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { openReserve } from '../../src/audit/reserve.js';
import { sealRecord } from '../../src/audit/seal.js';
import { logPlace } from '../../src/audit/segment-name.js';
import { verifyLog } from '../../src/audit/verify-log.js';
import type { VerifyReport } from '../../src/audit/verify-report.js';
import { entry, makeSite, segments, siteSecret, type Site } from './support.js';

const keys = { siteSecret };

async function write(site: Site, count: number, close = true): Promise<string> {
  const log = await openAuditLog({
    settings: site.settings,
    siteSecret,
    stateDirectory: site.state,
    reserve: false,
  });
  for (let index = 0; index < count; index += 1) await log.append(entry({ operation_name: `tool-${index}` }));
  const { segment } = log.status();
  if (close) await log.close();
  return segment;
}

function verify(site: Site, more: object = {}): VerifyReport {
  return verifyLog({ path: site.settings.path, keys, stateDirectory: site.state, ...more });
}

function lines(site: Site, segment: string): string[] {
  return readFileSync(join(site.folder, segment), 'utf8').split('\n').slice(0, -1);
}

function rewrite(site: Site, segment: string, change: (lines: string[]) => string[]): void {
  writeFileSync(
    join(site.folder, segment),
    change(lines(site, segment))
      .map((line) => `${line}\n`)
      .join(''),
  );
}

function places(report: VerifyReport): string[] {
  return report.findings.map(({ kind, file, line }) => `${kind} ${file}:${line ?? ''}`);
}

describe('an untouched log', () => {
  it('is intact and anchored after a clean end', async () => {
    const site = makeSite();
    await write(site, 10);
    await write(site, 5);
    expect(verify(site)).toMatchObject({ answer: 'anchored', segments: 2, records: 17, findings: [] });
  });

  it('is intact up to its head while the server writes', async () => {
    const site = makeSite({ syncIntervalMs: 3_600_000 });
    await write(site, 3, false);
    expect(verify(site)).toMatchObject({ answer: 'up-to-head', unanchored: 3 });
  });

  it('is intact but unsigned to someone without a key', async () => {
    const site = makeSite();
    await write(site, 2);
    expect(verify(site, { keys: {} })).toMatchObject({ answer: 'unsigned', unchecked: 3 });
  });

  it('is verified by someone who has only the public key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const site = makeSite({ signingKey });
    await write(site, 2);
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(verify(site, { keys: { publicKey: pem } }).answer).toBe('anchored');
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(verify(site, { keys: { publicKey: other } }).answer).toBe('broken');
  });

  it('accepts the secret of before a rotation', async () => {
    const site = makeSite();
    await write(site, 1);
    const rotated = { siteSecret: 'another secret of sixteen', previousSecrets: [siteSecret] };
    expect(verify(site, { keys: rotated }).answer).toBe('anchored');
  });

  it('follows a writer over its segments, and names its files by time', async () => {
    const site = makeSite({ maxFileSize: 4096 });
    await write(site, 40);
    expect(segments(site.folder).length).toBeGreaterThan(3);
    expect(segments(site.folder)[0]).toMatch(/^logs-default-\d{8}T\d{6}Z-[0-9a-f]{12}\.jsonl$/);
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
  });

  it('names everything that it must in a segment, however small records are to be', async () => {
    const site = makeSite({ maxRecordBytes: 1024 });
    for (let writer = 0; writer < 12; writer += 1) await write(site, 1);
    expect(verify(site)).toMatchObject({ answer: 'anchored', segments: 12, findings: [] });
  });

  it('is intact where a process was killed before its first record, and says where a line is unfinished', async () => {
    const site = makeSite();
    const segment = await write(site, 1);
    const [empty, begun] = ['a', 'b'].map((writer) => segment.replace(/[0-9a-f]{12}/, writer.repeat(12)));
    writeFileSync(join(site.folder, empty!), '');
    writeFileSync(join(site.folder, begun!), '{"begun":');
    expect(verify(site)).toMatchObject({
      answer: 'anchored',
      segments: 3,
      findings: [],
      unfinished: [begun],
    });
    writeFileSync(join(site.folder, segment), '');
    expect(places(verify(site))).toEqual([`missing-tail ${segment}:`]);
  });

  it("reports the Python program's file as not chained", async () => {
    const site = makeSite();
    await write(site, 1);
    writeFileSync(site.settings.path, '{"schema_name":"mxcp.endpoints"}\n');
    expect(verify(site)).toMatchObject({ answer: 'anchored', notChained: ['logs-default.jsonl'] });
  });
});

describe('a head', () => {
  it('names what is on the disk, not what was written since', async () => {
    const site = makeSite();
    await write(site, 0);
    const chain = new ChainWriter(
      {
        place: logPlace(site.settings.path),
        settings: site.settings,
        signer: undefined,
        reserve: openReserve('', 0),
        headFolders: [site.folder],
        transport: 'api',
        now: Date.now,
      },
      [],
    );
    const put = (): number => chain.put(entry(), { mayUseReserve: false });
    const onDisk = put();
    const synced = chain.sync();
    put();
    await synced;
    await chain.replaceHead();
    const head = readFileSync(join(site.folder, `${chain.segment}.head`), 'utf8');
    expect(JSON.parse(head)).toMatchObject({ seq: onDisk });
    chain.close();
  });
});

describe('a changed log', () => {
  it('is broken at the line in which any one byte was changed', async () => {
    const site = makeSite();
    const segment = await write(site, 4);
    const path = join(site.folder, segment);
    const original = readFileSync(path);
    const step = Math.max(1, Math.floor(original.length / 200));
    for (let at = 0; at < original.length; at += step) {
      const changed = Buffer.from(original);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      writeFileSync(path, changed);
      const line = original.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
      const report = verify(site);
      expect(report.answer, `byte ${at}`).toMatch(/broken|missing/);
      if (original[at] !== 0x0a) expect(places(report)[0], `byte ${at}`).toContain(`${segment}:${line}`);
    }
  });

  it('is broken when a byte sequence becomes one that only decodes to the same text', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret });
    await log.append(entry({ username: 'x\ufffdy' }));
    const { segment } = log.status();
    await log.close();
    const path = join(site.folder, segment);
    const bytes = readFileSync(path);
    const at = bytes.indexOf(Buffer.from('\ufffd'));
    writeFileSync(path, Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + 3)]));
    expect(places(verify(site))).toContain(`broken ${segment}:2`);
  });

  it('is broken where a line was removed', async () => {
    const site = makeSite();
    const segment = await write(site, 5);
    rewrite(site, segment, (all) => all.toSpliced(3, 1));
    expect(verify(site).answer).toBe('broken');
    expect(places(verify(site))).toContain(`broken ${segment}:4`);
  });

  it('is broken where two lines were swapped', async () => {
    const site = makeSite();
    const segment = await write(site, 5);
    rewrite(site, segment, ([a, b, c, d, ...rest]) => [a!, b!, d!, c!, ...rest]);
    expect(verify(site).answer).toBe('broken');
    expect(places(verify(site))[0]).toBe(`broken ${segment}:3`);
  });

  it('is broken where the chain was recomputed without the key', async () => {
    const site = makeSite();
    const segment = await write(site, 4);
    rewrite(site, segment, (all) => {
      let previous = (JSON.parse(all[1]!) as { record_hash: string }).record_hash;
      return all.map((line, index) => {
        if (index < 2) return line;
        const { record_hash: hash, signature, ...record } = JSON.parse(line) as Record<string, unknown>;
        expect([hash, signature]).toHaveLength(2);
        const forged = JSON.stringify({
          ...record,
          user_id: record['user_id'] ?? 'mallory',
          prev_hash: previous,
        });
        const sealed = sealRecord(forged, (text) => `hmac-sha256:${Buffer.from(text).toString('base64url')}`);
        previous = sealed.hash;
        return sealed.line.trimEnd();
      });
    });
    const report = verify(site);
    expect(report.answer).toBe('broken');
    expect(places(report)[0]).toBe(`broken ${segment}:3`);
    expect(verify(site, { keys: {} }).answer, 'without a key, the heads still tell').toBe('broken');
  });

  it('is broken where the chain was recomputed under an algorithm that the verifier has no key for', async () => {
    const site = makeSite();
    const segment = await write(site, 2);
    let previous: string | null = null;
    rewrite(site, segment, (all) =>
      all.map((line) => {
        const record = JSON.parse(line.replace(/,"record_hash".*$/, '}')) as object;
        const sealed = sealRecord(JSON.stringify({ ...record, prev_hash: previous }), () => 'ed25519:AAAA');
        previous = sealed.hash;
        return sealed.line.trimEnd();
      }),
    );
    rmSync(join(site.folder, `${segment}.head`));
    rmSync(site.state, { recursive: true });
    expect(places(verify(site))[0]).toBe(`broken ${segment}:1`);
  });

  it('is broken where a signature became another text of the same bytes', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const site = makeSite({ signingKey });
    const segment = await write(site, 1);
    const next = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) + 1); // A, Q, g and w end with unused bits
    rewrite(site, segment, ([first, last]) => [first!, last!.replace(/.(?="\}$)/, next)]);
    expect(places(verify(site, { keys: { signingKey } }))).toContain(`broken ${segment}:2`);
  });

  it('is not verified with a key that is none', () => {
    const site = makeSite();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    for (const publicKey of ['no key', rsa.export({ type: 'spki', format: 'pem' }).toString()])
      expect(() => verify(site, { keys: { publicKey } })).toThrow(
        'The public key is no Ed25519 key in PEM form',
      );
  });

  it('is broken when signatures were taken off', async () => {
    const site = makeSite();
    const segment = await write(site, 2);
    rewrite(site, segment, (all) => all.map((line) => line.replace(/,"signature":"[^"]*"/, '')));
    expect(verify(site).answer).toBe('broken');
  });

  it('is broken when a head was forged', async () => {
    const site = makeSite();
    const segment = await write(site, 2);
    const path = join(site.folder, `${segment}.head`);
    const head = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...head, seq: 1 }));
    expect(verify(site).answer).toBe('broken');
  });
});

describe('a log with something missing', () => {
  it('misses the tail when anchored lines were cut off the newest segment', async () => {
    const site = makeSite();
    const segment = await write(site, 5);
    rewrite(site, segment, (all) => all.slice(0, -2));
    const report = verify(site);
    expect(report.answer).toBe('missing');
    expect(places(report)).toEqual([`missing-tail ${segment}:`]);
  });

  it('misses the tail from a head that was kept elsewhere', async () => {
    const site = makeSite();
    const segment = await write(site, 5);
    const kept = join(site.root, 'kept.head');
    renameSync(join(site.folder, `${segment}.head`), kept);
    rmSync(site.state, { recursive: true });
    rewrite(site, segment, (all) => all.slice(0, -1));
    expect(verify(site).answer).toBe('up-to-head');
    expect(verify(site, { heads: [kept] }).answer).toBe('missing');
  });

  it('misses a whole writer that the next one has seen', async () => {
    const site = makeSite();
    const first = await write(site, 3);
    await write(site, 3);
    rmSync(join(site.folder, first));
    rmSync(join(site.folder, `${first}.head`));
    rmSync(site.state, { recursive: true });
    const report = verify(site);
    expect(report.answer).toBe('missing');
    expect(places(report)).toEqual([`missing-segment ${first}:`]);
  });

  it('misses the whole log when its folder was removed', async () => {
    const site = makeSite();
    const segment = await write(site, 3);
    rmSync(site.folder, { recursive: true });
    expect(places(verify(site))).toEqual([`missing-segment ${segment}:`]);
  });

  it('misses a segment from the middle of a chain', async () => {
    const site = makeSite({ maxFileSize: 4096 });
    await write(site, 40);
    const gone = segments(site.folder)[1]!;
    rmSync(join(site.folder, gone));
    expect(places(verify(site))).toContain(`missing-segment ${gone}:`);
  });

  it('finds the one line that was changed among hundreds whose key is not at hand', async () => {
    const site = makeSite();
    const segment = await write(site, 150);
    rewrite(site, segment, (all) =>
      all.map((line, at) => (at === 140 ? line.replace('tool-139', 'tool-xxx') : line)),
    );
    const report = verify(site, { keys: { siteSecret: 'another secret of sixteen' } });
    expect(report.findingCount).toBeGreaterThan(150);
    expect(report.findings.length).toBeLessThan(10);
    expect(report.findings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('it was changed'),
    );
  });

  it('names calls that started and have no outcome', async () => {
    const site = makeSite();
    const log = await openAuditLog({ settings: site.settings, siteSecret });
    const started = { operation_status: 'started', policy_decision: 'n/a' } as const;
    await log.begin(entry({ ...started, call_id: 'one' }));
    await log.begin(entry({ ...started, call_id: 'two' }));
    await log.append(entry({ call_id: 'one' }));
    const { segment } = log.status();
    await log.close();
    const later = Date.parse('2026-11-21T10:00:00Z');
    const report = verify(site, { now: later });
    expect(report.answer).toBe('missing');
    expect(report.findings).toMatchObject([
      { kind: 'missing-outcome', file: segment, line: 3, callId: 'two' },
    ]);
    const soon = Date.parse('2026-11-20T10:01:00Z');
    expect(verify(site, { now: soon })).toMatchObject({ answer: 'anchored', running: 1 });
  });
});

describe('a torn last line', () => {
  it('is set aside at the next start with its hash on record, and the log verifies', async () => {
    const site = makeSite();
    const segment = await write(site, 3);
    const path = join(site.folder, segment);
    const { length } = readFileSync(path);
    writeFileSync(path, '{"torn":', { flag: 'a' });
    await write(site, 1);
    expect(readFileSync(path)).toHaveLength(length);
    expect(readFileSync(`${path}.torn`, 'utf8')).toBe('{"torn":');
    expect(verify(site)).toMatchObject({ answer: 'anchored', findings: [] });
    rmSync(`${path}.torn`);
    expect(places(verify(site))).toEqual([`missing-torn ${segment}.torn:`]);
  });

  it('of an anchored record is a missing tail', async () => {
    const site = makeSite();
    const segment = await write(site, 3);
    const path = join(site.folder, segment);
    truncateSync(path, readFileSync(path).length - 10);
    expect(places(verify(site))).toEqual([`missing-tail ${segment}:`]);
  });
});
