import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditQueryError } from '../errors.js';
import { checkHead, headFolder, parseHead, readHeads, type FoundHead } from './head-file.js';
import { logPlace, type LogPlace, type SegmentName } from './segment-name.js';
import { listSegments } from './segment-scan.js';
import type { SegmentHeadLine } from './segment-head-line.js';
import { readTail, type ChainPosition } from './segment-tail.js';
import { createSignatureCheck, type SignatureCheck, type SigningKeys } from './sign.js';
import {
  foreignKey,
  isForeign,
  maxFindings,
  maxForeign,
  type Finding,
  type VerifyAnswer,
  type VerifyReport,
} from './verify-report.js';
import { readFirstLine, verifySegment, type Anchor, type VerifyState } from './verify-segment.js';

export interface VerifyOptions {
  /** `audit.path`. */
  readonly path: string;
  readonly keys: SigningKeys;
  readonly stateDirectory?: string | undefined;
  /** Files with heads that were kept elsewhere (`--head`). */
  readonly heads?: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now?: number;
}

/** Calls without an outcome that started less than this ago may still be running. */
const runningMs = 600_000;

/**
 * Checks a whole log: every record's hash and signature, the order in each segment, the links between segments and writers,
 * and that everything that a head or another writer names is there (spec page 05, "Tamper evidence"). Throws
 * `AuditQueryError` when the log or a head file cannot be read.
 */
export function verifyLog(options: VerifyOptions): VerifyReport {
  try {
    return new Verification(options).run();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined || error instanceof AuditQueryError) throw error;
    throw new AuditQueryError(`The audit log cannot be read (${code})`, { cause: error });
  }
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #place: LogPlace;
  readonly #check: SignatureCheck;
  readonly #segments: readonly SegmentName[];
  readonly #firstLines = new Map<string, SegmentHeadLine | undefined>();
  readonly #anchors = new Map<string, Anchor[]>();
  readonly #anchored = new Map<string, number>();
  readonly #ends = new Map<string, ChainPosition | undefined>();
  readonly #findings: Finding[] = [];
  readonly #foreign = new Set<string>();
  readonly #kinds = new Set<Finding['kind']>();
  #findingCount = 0;
  #uncheckedHeads = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#place = logPlace(options.path);
    this.#check = createSignatureCheck(options.keys);
    this.#segments = existsSync(this.#place.folder) ? listSegments(this.#place) : [];
  }

  run(): VerifyReport {
    this.#collectHeads();
    this.#collectLinks();
    const state: VerifyState = {
      folder: this.#place.folder,
      check: this.#check,
      anchors: this.#anchors,
      report: (finding) => this.#report(finding),
      open: new Map(),
      retired: new Map(),
      unfinished: [],
      records: 0,
      unchecked: 0,
      signed: 0,
    };
    const starts = this.#verifyWriters(state);
    for (const { name, previous } of starts) this.#checkStart(state, name, previous);
    this.#checkAnchors(state);
    this.#checkTorn(state);
    const running = this.#checkOutcomes(state);
    return this.#summary(state, running);
  }

  #report(finding: Finding): void {
    this.#findingCount += 1;
    this.#kinds.add(finding.kind);
    if (isForeign(finding)) {
      // Without the right key every line fails alike: what was changed must not drown in them.
      if (this.#foreign.has(finding.file) || this.#foreign.size === maxForeign) return;
      this.#foreign.add(finding.file);
    }
    if (this.#findings.length < maxFindings) this.#findings.push(finding);
  }

  #addAnchor(position: ChainPosition, by: string): void {
    const list = this.#anchors.get(position.segment) ?? [];
    list.push({ ...position, by });
    this.#anchors.set(position.segment, list);
    this.#anchored.set(position.segment, Math.max(this.#anchored.get(position.segment) ?? 0, position.seq));
  }

  #collectHeads(): void {
    const { folder, stem } = this.#place;
    const { stateDirectory, heads = [] } = this.#options;
    const found: FoundHead[] = existsSync(folder) ? readHeads(folder, stem) : [];
    if (stateDirectory !== undefined) found.push(...readHeads(headFolder(stateDirectory, this.#place), stem));
    for (const path of heads) {
      const head = parseHead(readFileSync(path, 'utf8'));
      found.push({ path, segment: head?.segment ?? path, head });
    }
    for (const one of found) this.#takeHead(one);
  }

  #takeHead({ path, segment, head }: FoundHead): void {
    const answer = head?.segment === segment ? checkHead(head, this.#check) : 'invalid';
    if (head === undefined || answer === 'invalid') {
      this.#report({
        kind: 'broken',
        file: path,
        message: `the head ${foreignKey}`,
      });
      return;
    }
    if (answer === 'no-key') this.#uncheckedHeads += 1;
    this.#addAnchor(head, `the head ${path}`);
  }

  /** What segments say about each other. A first line that was forged is found when its segment is checked. */
  #collectLinks(): void {
    for (const { name } of this.#segments) {
      const first = readFirstLine(this.#place.folder, name);
      this.#firstLines.set(name, first);
      for (const other of first?.others ?? []) this.#addAnchor(other, `segment ${name}`);
      if (first?.previous !== undefined) this.#addAnchor(first.previous, `segment ${name}`);
    }
  }

  /** Follows each writer's chain; returns the segments at which one begins, with what they say came before. */
  #verifyWriters(state: VerifyState): { name: string; previous: ChainPosition | undefined }[] {
    const last = new Map<string, ChainPosition | undefined>();
    const starts: { name: string; previous: ChainPosition | undefined }[] = [];
    for (const { name, writer } of this.#segments) {
      const stated = this.#firstLines.get(name)?.previous;
      const known = last.get(writer);
      if (this.#firstLines.get(name)?.segment !== name && !this.#isUnbegun(name)) {
        this.#report({
          kind: 'broken',
          file: name,
          line: 1,
          message: 'the segment does not begin with its own name',
        });
      }
      const linked = known !== undefined && stated?.segment === known.segment;
      if (!linked) starts.push({ name, previous: stated });
      const end = verifySegment(state, name, linked ? known : stated);
      this.#ends.set(name, end);
      last.set(writer, end);
    }
    return starts;
  }

  /** A process that was killed before its first record leaves a segment without a line. Anchors tell when there was one. */
  #isUnbegun(name: string): boolean {
    return readTail(join(this.#place.folder, name)).lastLine === undefined;
  }

  /** What a chain's first segment names as its predecessor is here, or was deleted on purpose. */
  #checkStart(state: VerifyState, name: string, previous: ChainPosition | undefined): void {
    if (previous === undefined || this.#ends.has(previous.segment)) return;
    if (state.retired.get(previous.segment)?.record_hash === previous.record_hash) return;
    if (state.retired.has(previous.segment)) {
      const message = `the segment before, ${previous.segment}, is not the one that log-cleanup deleted`;
      this.#report({ kind: 'broken', file: name, line: 1, message });
    }
  }

  #checkAnchors(state: VerifyState): void {
    for (const [segment, anchors] of this.#anchors) {
      const end = this.#ends.get(segment)?.seq ?? 0;
      const highest = anchors.reduce((best, one) => (one.seq > best.seq ? one : best));
      if (!this.#ends.has(segment)) this.#checkGone(state, segment, highest);
      else if (end < highest.seq) {
        const message = `ends at record ${end}, but ${highest.by} names record ${highest.seq}`;
        this.#report({ kind: 'missing-tail', file: segment, message });
      }
    }
  }

  #checkGone(state: VerifyState, segment: string, anchor: Anchor): void {
    const retired = state.retired.get(segment);
    if (retired !== undefined && retired.seq >= anchor.seq) return;
    this.#report({
      kind: 'missing-segment',
      file: segment,
      message: `is gone, but ${anchor.by} names its record ${anchor.seq}`,
    });
  }

  #checkTorn(state: VerifyState): void {
    for (const first of this.#firstLines.values()) {
      for (const { segment, file, sha256 } of first?.torn ?? []) {
        const path = join(this.#place.folder, file);
        const bytes = file.includes('/') || !existsSync(path) ? undefined : readFileSync(path);
        if (bytes === undefined && state.retired.has(segment)) continue;
        if (bytes !== undefined && createHash('sha256').update(bytes).digest('hex') === sha256) continue;
        const message =
          bytes === undefined ? 'the torn line that was set aside is gone' : 'the torn line was changed';
        this.#report({ kind: bytes === undefined ? 'missing-torn' : 'broken', file, message });
      }
    }
  }

  #checkOutcomes(state: VerifyState): number {
    const now = this.#options.now ?? Date.now();
    let running = 0;
    for (const { callId, file, line, timestamp } of state.open.values()) {
      if (now - Date.parse(timestamp) < runningMs) running += 1;
      else
        this.#report({
          kind: 'missing-outcome',
          file,
          line,
          callId,
          message: `call ${callId} has no outcome`,
        });
    }
    return running;
  }

  #unanchored(): number {
    let count = 0;
    for (const { name } of this.#segments) {
      const last = this.#ends.get(name)?.seq ?? 0;
      const first = this.#firstLines.get(name)?.previous?.seq ?? 0;
      count += Math.max(0, last - Math.max(first, this.#anchored.get(name) ?? 0));
    }
    return count;
  }

  #answer(unchecked: number, unanchored: number): VerifyAnswer {
    if (this.#kinds.has('broken')) return 'broken';
    if (this.#kinds.size > 0) return 'missing';
    if (unchecked > 0) return 'unsigned';
    return unanchored > 0 ? 'up-to-head' : 'anchored';
  }

  #summary(state: VerifyState, running: number): VerifyReport {
    const unanchored = this.#unanchored();
    const legacy = `${this.#place.stem}.jsonl`;
    const unchecked = state.unchecked + this.#uncheckedHeads;
    return {
      answer: this.#answer(unchecked, unanchored),
      segments: this.#segments.length,
      records: state.records,
      unanchored,
      unchecked: state.unchecked,
      signed: state.signed,
      running,
      retired: state.retired.size,
      unfinished: state.unfinished,
      notChained: existsSync(join(this.#place.folder, legacy)) ? [legacy] : [],
      findings: this.#findings,
      findingCount: this.#findingCount,
    };
  }
}
