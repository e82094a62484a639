/** `note`: worth knowing, not a failure of the checklist. */
export type FindingStatus = 'pass' | 'fail' | 'note';

/** One item of the production checklist (spec page 06, `mxcp doctor`; acceptance rows S4-127 to S4-142). */
export interface Finding {
  /** Stable kebab-case name, for machines. */
  readonly id: string;
  readonly title: string;
  readonly status: FindingStatus;
  /** What was found. Never contains a secret. */
  readonly detail: string;
  /** What to do about it; present on every failure. */
  readonly fix?: string;
}

/** An item that holds, or does not and says how to make it. */
export function verdict(
  item: Pick<Finding, 'id' | 'title'>,
  holds: boolean,
  words: { readonly pass: string; readonly fail: string; readonly fix: string },
): Finding {
  const { pass, fail, fix } = words;
  return holds ? { ...item, status: 'pass', detail: pass } : { ...item, status: 'fail', detail: fail, fix };
}
