import { nowMicros } from '../lib/now-micros.js';
import { osUser } from '../lib/os-user.js';
import type { AuthEvent } from '../model/auth-settings.js';
import type { Transport } from '../model/call.js';
import type { AuditLog } from './audit-log.js';
import type { Describer } from './describe-call.js';
import type { AuditEntry } from './entry.js';
import type { Redactor } from './redact.js';
import { formatMicros } from './timestamp.js';

/** Codes of the refusals among the events, as a call that is refused for the same reason has. */
const codes: ReadonlyMap<AuthEvent['event'], string> = new Map([
  ['authentication', 'AUTH_CREDENTIAL_INVALID'],
  ['authorization', 'AUTH_INSUFFICIENT_SCOPE'],
  ['rate-limit', 'CALL_RATE_LIMITED'],
]);

/** At the command line it is the operator who acts; the person or key that it is about is in the details. */
function whoActs(event: AuthEvent, transport: Transport, redactor: Redactor): Partial<AuditEntry> {
  if (transport === 'cli') return { identity_source: 'asserted', os_user: osUser() };
  const { userKey, userId, username, provider } = event;
  const named = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : redactor.name(text);
  if (userKey === undefined) return { identity_source: 'anonymous', provider: named(provider) };
  return {
    identity_source: provider === 'api-key' ? 'key' : 'verified',
    user_key: named(userKey),
    user_id: named(userId),
    username: named(username),
    provider: named(provider),
  };
}

/** The record of something that happened around a credential, redacted (spec page 05, "What is recorded"). */
export function describeAuthEvent(
  { redactor, projectDigest }: Describer,
  event: AuthEvent,
  transport: Transport = 'http',
): AuditEntry {
  const failed = event.outcome === 'failure';
  const named = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : redactor.name(text);
  return {
    timestamp: formatMicros(nowMicros()),
    operation_type: 'auth',
    operation_name: event.event,
    operation_status: failed ? 'error' : 'success',
    caller_type: transport,
    duration_ms: 0,
    policy_decision: 'n/a',
    error_code: failed ? codes.get(event.event) : undefined,
    error: event.reason === undefined ? undefined : redactor.text(event.reason),
    ...whoActs(event, transport, redactor),
    client_id: named(event.clientId),
    client_name: named(event.clientName),
    session_id: named(event.sessionId),
    scopes: event.scopes?.map((scope) => redactor.name(scope)),
    ip: named(event.ip),
    user_agent: named(event.userAgent),
    project_digest: projectDigest,
    input_data: redactor.named(event.details ?? {}, new Map()),
  };
}

/** Failures of nobody in particular, and limits, which anybody can hit as often as they like. */
function canFlood({ event, outcome, userKey }: AuthEvent): boolean {
  return outcome === 'failure' && (userKey === undefined || event === 'rate-limit');
}

/**
 * Puts an event on record. What strangers can cause at will is counted beyond a rate, so that it cannot fill the log. Rejects
 * with `AUDIT_UNAVAILABLE` when it cannot be recorded: then what it tells must not happen.
 */
export async function recordAuthEvent(
  audit: AuditLog,
  describer: Describer,
  event: AuthEvent,
  transport?: Transport,
): Promise<void> {
  const entry = describeAuthEvent(describer, event, transport);
  await (canFlood(event) ? audit.refuse(entry) : audit.append(entry));
}
