import { isForeign, type Finding, type VerifyReport } from '../audit/verify-report.js';
import { countText } from './count-text.js';
import { printable } from './printable.js';

function placeOf({ file, line }: Finding): string {
  return line === undefined ? file : `${file}:${line}`;
}

function unsignedText({ unchecked, signed }: VerifyReport): string {
  return signed === 0
    ? `intact but unsigned (${countText(unchecked, 'record')} without a signature)`
    : `intact but unsigned (the key of ${countText(signed, 'signature')} is not at hand)`;
}

/** The one answer of a verification, as its first line (spec page 05, "Tamper evidence"). */
export function answerText(report: VerifyReport): string {
  const { answer, unanchored, findings } = report;
  const [first] = findings;
  switch (answer) {
    case 'anchored':
      return 'intact and anchored';
    case 'up-to-head':
      return `intact up to head (${countText(unanchored, 'later record')} not yet anchored)`;
    case 'unsigned':
      return unsignedText(report);
    case 'broken': {
      const all = findings.filter(({ kind }) => kind === 'broken');
      const broken = all.find((one) => !isForeign(one)) ?? all[0];
      return `broken at ${broken === undefined ? '?' : placeOf(broken)}`;
    }
    case 'missing':
      return `${(first?.kind ?? 'missing').replace('-', ' ')} at ${first === undefined ? '?' : placeOf(first)}`;
  }
}

const replacedKey =
  'If secret_key was replaced, list the one before in auth.previous_keys and verify again; if audit.signing_key was, ' +
  'give its public key with --public-key. If neither was, these lines were not written by this site.';
const noKey =
  'Hashes agree, but whoever can write the files can make such hashes. Verify again with the secret_key of the server, ' +
  'or with --public-key.';
const noSignature =
  'Hashes agree, but whoever can write the files can make such hashes: set secret_key or audit.signing_key to have records signed.';
const changed =
  'What stands there is not what was written. Copy the folder before anything else touches it, and compare it with a backup.';
const gone =
  'What is gone was removed or cut off after it was written, and not by mxcp log-cleanup. Look for it in a backup.';
const cutShort =
  'A call without an outcome was cut short, as by a crash or a power cut, or its last record was removed.';
const behind =
  'A server anchors its records within audit.sync_interval, or when it starts again. Until then they can be cut off unnoticed.';

/** What the answer means, and what to do next; nothing where all is well. */
function nextSteps({ answer, signed, findings }: VerifyReport): readonly string[] {
  switch (answer) {
    case 'anchored':
      return [];
    case 'up-to-head':
      return [behind];
    case 'unsigned':
      return [signed === 0 ? noSignature : noKey];
    case 'broken':
      return [
        ...(findings.some((one) => one.kind === 'broken' && !isForeign(one)) ? [changed] : []),
        ...(findings.some((one) => isForeign(one)) ? [replacedKey] : []),
      ];
    case 'missing':
      return [findings.every(({ kind }) => kind === 'missing-outcome') ? cutShort : gone];
  }
}

/** All that a verification found, for people; `answer` is its first line. */
export function verifyText(report: VerifyReport, answer: string): string {
  const { segments, records, retired, running, unfinished, notChained, findings, findingCount } = report;
  const notes = [
    `${countText(records, 'record')} in ${countText(segments, 'segment')}`,
    ...(retired > 0 ? [`${countText(retired, 'segment')} deleted by log-cleanup`] : []),
    ...(running > 0
      ? [`${countText(running, 'call')} without an outcome, started less than 10 minutes ago`]
      : []),
    ...unfinished.map((file) => `${file}: ends with an unfinished line, which is not checked`),
    ...notChained.map((file) => `${file}: not chained`),
  ];
  const listed = findings.map((one) => `${placeOf(one)}: ${one.message}`);
  const more = findingCount > findings.length ? [`and ${findingCount - findings.length} more`] : [];
  const lines = [answer, ...nextSteps(report), ...notes, ...listed, ...more];
  return lines.map((line) => printable(line)).join('\n');
}
