/**
 * What `mxcp log verify` answers: everything intact and on record outside of the segments; intact, with later records that
 * no head names yet; intact, but nothing proves who wrote it; something was changed; something is gone.
 */
export type VerifyAnswer = 'anchored' | 'up-to-head' | 'unsigned' | 'broken' | 'missing';

export interface Finding {
  readonly kind: 'broken' | 'missing-segment' | 'missing-tail' | 'missing-outcome' | 'missing-torn';
  readonly file: string;
  /** From 1; absent when the finding is about the file as a whole. */
  readonly line?: number;
  readonly message: string;
  readonly callId?: string;
}

export interface VerifyReport {
  readonly answer: VerifyAnswer;
  readonly segments: number;
  readonly records: number;
  /** Records behind the newest head of their segment. */
  readonly unanchored: number;
  /** Records whose signature could not be checked for want of a key. */
  readonly unchecked: number;
  /** Those among them that have a signature; the others were written without a key. */
  readonly signed: number;
  /** Calls that have started, recently, and are probably still running. */
  readonly running: number;
  /** Segments that were deleted by `log-cleanup` and are named in its notes. */
  readonly retired: number;
  /** Segments with bytes behind their last line end: a line that is being written, or that a power cut tore. */
  readonly unfinished: readonly string[];
  /** Files that are no chain: those of the Python program. */
  readonly notChained: readonly string[];
  /** In the order of files and lines, at most `maxFindings`; of those for want of a key one of each file, at most `maxForeign`. */
  readonly findings: readonly Finding[];
  /** All findings, also those that are not listed. */
  readonly findingCount: number;
}

export const maxFindings = 100;
export const maxForeign = 20;

/** What is said of a record or a head whose signature fits none of the given keys. */
export const foreignKey = 'was not made with a key that is at hand';

/** True for a record or head that may be right: its key is not among those that were given, or was never the site's. */
export const isForeign = ({ message }: Finding): boolean => message.endsWith(foreignKey);
