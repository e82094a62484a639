import { describeRefusal } from '../audit/describe-event.js';
import { OverloadedError, RateLimitedError } from '../errors.js';
import { addressKey } from '../lib/address-key.js';
import { isLoopbackHost } from '../lib/loopback.js';
import type { StopSignal } from '../lib/stop-signal.js';
import type { Charge, Taken } from '../limit/buckets.js';
import type { Leave } from '../limit/keyed-gate.js';
import type { Rate, RateSettings } from '../model/auth-settings.js';
import type { Caller } from '../model/caller.js';
import type { CallRequest, RequestContext } from '../model/call.js';
import type { RateState } from '../model/outcome.js';
import { isListed } from './listing.js';
import type { Operation } from './operation.js';
import { isProxyHeader } from './proxy-header.js';
import type { Runtime } from './runtime.js';

/** Tiers of pages and endpoints that answer before anybody is known. */
export type RouteTier = 'signIn' | 'consent' | 'token' | 'registration';

/** True for somebody at this machine, whom the operator let in without a credential (spec page 06). */
function isLocal(
  { project }: Runtime,
  { source }: Caller,
  { ip, headers, transport }: RequestContext,
): boolean {
  if (transport !== 'http') return true;
  if (source === 'verified' || source === 'key' || !isLoopbackHost(project.transport.http.host)) return false;
  return isLoopbackHost(ip ?? '') && !Object.keys(headers).some(isProxyHeader);
}

function charge(key: string, rate: Rate | undefined): Charge[] {
  return rate === undefined ? [] : [{ key, rate }];
}

function whoOf({ key }: Caller, { ip }: RequestContext): string {
  return key ?? `address ${addressKey(ip)}`;
}

function chargesOf(rates: RateSettings, caller: Caller, context: RequestContext): Charge[] {
  const who = whoOf(caller, context);
  return [
    ...charge('global', rates.global),
    ...(caller.source === 'key'
      ? charge(`per_key ${who}`, rates.perKey)
      : charge(`per_user ${who}`, rates.perUser)),
    ...(caller.clientId === null ? [] : charge(`per_client ${caller.clientId}`, rates.perClient)),
  ];
}

/** A key begins with its tier, which the record names; who it is about is in the record anyway. */
function limited({ state, retryAfterSeconds, key }: Taken & { granted: false }): RateLimitedError {
  return new RateLimitedError(`Too many calls (limit ${key.split(' ', 1)[0]})`, retryAfterSeconds, state);
}

function refuseEmpty(taken: Taken): RateState {
  if (taken.granted) return taken.state;
  throw limited(taken);
}

/**
 * Counts one call against every tier that it is in, or against none when one of them is used up. Undefined where no limit
 * applies. An endpoint that the caller does not see counts as none. Throws `CALL_RATE_LIMITED`.
 */
export async function chargeCall(
  runtime: Runtime,
  caller: Caller,
  context: RequestContext,
  operation: Operation | undefined,
): Promise<RateState | undefined> {
  if (isLocal(runtime, caller, context)) return undefined;
  const { rates } = runtime.project;
  const charges = chargesOf(rates, caller, context);
  if (rates.perEndpoint && operation && isListed(runtime, caller, context, operation)) {
    const { kind, name } = operation.endpoint;
    charges.push({ key: `per_endpoint ${kind}/${name}`, rate: rates.perEndpoint });
  }
  if (charges.length === 0) return undefined;
  const taken = runtime.rates.buckets.take(charges);
  return refuseEmpty(taken instanceof Promise ? await taken : taken);
}

/**
 * Takes one of the caller's places for calls at once, or waits for one until `signal` aborts. Undefined where nobody counts.
 * Throws `CALL_OVERLOADED` when too many of his calls wait already.
 */
export function enterPlace(
  runtime: Runtime,
  { caller, context }: CallRequest,
  signal: StopSignal,
): Leave | Promise<Leave> | undefined {
  if (isLocal(runtime, caller, context)) return undefined;
  const entered = runtime.rates.places.enter(whoOf(caller, context), signal);
  if (entered) return entered;
  throw new OverloadedError('Too many calls of this caller are running; try again in a moment');
}

/** Counts one request by its address, before a credential is checked. Throws `CALL_RATE_LIMITED`. */
export async function chargeAddress(runtime: Runtime, { ip }: RequestContext): Promise<void> {
  const charges = charge(`per_address ${addressKey(ip)}`, runtime.project.rates.perAddress);
  if (charges.length > 0) refuseEmpty(await runtime.rates.buckets.take(charges));
}

/**
 * Counts one request of a sign-in, consent, token or registration route by its address. Throws `CALL_RATE_LIMITED`, after
 * the refusal is on record.
 */
export async function chargeRoute(runtime: Runtime, tier: RouteTier, context: RequestContext): Promise<void> {
  const key = `${tier} ${addressKey(context.ip)}`;
  const taken = await runtime.rates.buckets.take([{ key, rate: runtime.project.rates[tier] }]);
  if (taken.granted) return;
  const error = limited(taken);
  await runtime.audit.refuse(describeRefusal(runtime.describer, context, error));
  throw error;
}
