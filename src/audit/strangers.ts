import { isIPv4, isIPv6 } from 'node:net';
import type { AuditEntry } from './entry.js';
import { utcDay } from './timestamp.js';

/** How much strangers may write (spec page 05, "Strangers cannot fill it"). */
export interface StrangerLimits {
  /** Refusals per minute that are recorded one by one. */
  readonly singlesPerMinute: number;
  /** Records about strangers per UTC day, single and counted ones together. */
  readonly recordsPerDay: number;
  /** Different prefixes and reasons that are counted apart in one minute; all others are counted together. */
  readonly groupsPerMinute: number;
}

export const defaultStrangerLimits: StrangerLimits = {
  singlesPerMinute: 60,
  recordsPerDay: 20_000,
  groupsPerMinute: 100,
};

/** `203.0.113.0/24` or `2001:db8:1::/48`; `unknown` for what is no address. */
export function addressPrefix(ip: string | undefined): string {
  if (ip === undefined) return 'unknown';
  const address = ip.startsWith('::ffff:') && isIPv4(ip.slice(7)) ? ip.slice(7) : ip;
  if (isIPv4(address)) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  if (!isIPv6(address)) return 'unknown';
  const head = address.split('%', 1)[0] ?? '';
  const [left = '', right] = head.split('::', 2);
  const groups = left === '' ? [] : left.split(':');
  const missing = right === undefined ? 0 : 3 - groups.length;
  for (let index = 0; index < missing; index += 1) groups.push('0');
  return `${groups.slice(0, 3).join(':')}::/48`;
}

interface Group {
  readonly sample: AuditEntry;
  readonly prefix: string;
  count: number;
}

/** Decides which refusals of strangers become records of their own, and counts the others. */
export interface Strangers {
  /** True: record this one now. False: it is counted. */
  admit(entry: AuditEntry, millis: number): boolean;
  /** The counted records that are due: all minutes that are over, or everything (`final`). */
  due(millis: number, final: boolean): AuditEntry[];
}

const minute = 60_000;

/** Everything that is not counted apart: it is of no one caller and reason. */
function rest(sample: AuditEntry): Group {
  return { sample: { ...sample, user_key: undefined, error: undefined }, prefix: '*', count: 1 };
}

function counted(group: Group, from: number): AuditEntry {
  const { sample, prefix, count } = group;
  return {
    timestamp: sample.timestamp,
    operation_type: sample.operation_type,
    operation_name: sample.operation_name,
    operation_status: sample.operation_status,
    caller_type: sample.caller_type,
    duration_ms: 0,
    policy_decision: sample.policy_decision,
    error_code: sample.error_code,
    error: reasonOf(sample),
    user_key: sample.user_key,
    project_digest: sample.project_digest,
    input_data: { address_prefix: prefix, count, since: new Date(from).toISOString() },
  };
}

/** The words of an event are fixed; those of a request that was not admitted can quote what the stranger sent. */
function reasonOf({ operation_name: name, error }: AuditEntry): string | undefined {
  return name === 'admit' ? undefined : error;
}

/** What is counted together: refusals of one kind and reason, of one prefix or one known caller. */
function groupKey(entry: AuditEntry, prefix: string): string {
  const { operation_name: name, error_code: code, user_key: user } = entry;
  return JSON.stringify([prefix, name, code, reasonOf(entry), user]);
}

/** A fresh counter. Its memory is bounded by `groupsPerMinute`. */
export function createStrangers(limits: StrangerLimits = defaultStrangerLimits): Strangers {
  let groups = new Map<string, Group>();
  let windowStart = 0;
  let singles = 0;
  let day = 0;
  let spentToday = 0;

  const turnDay = (millis: number): void => {
    const today = utcDay(millis);
    if (today === day) return;
    day = today;
    spentToday = 0;
  };
  const turnMinute = (millis: number): void => {
    if (groups.size > 0 || millis - windowStart < minute) return;
    windowStart = millis;
    singles = 0;
  };
  const count = (entry: AuditEntry): void => {
    const prefix = addressPrefix(entry.ip);
    const key = groupKey(entry, prefix);
    const crowded = groups.size >= limits.groupsPerMinute && !groups.has(key);
    const at = crowded ? '*' : key;
    const group = groups.get(at);
    if (group === undefined) groups.set(at, crowded ? rest(entry) : { sample: entry, prefix, count: 1 });
    else group.count += 1;
  };
  /** The last record of a day's budget stands for everything that comes after it. */
  const merge = (): Group[] => {
    const all = [...groups.values()];
    const room = limits.recordsPerDay - spentToday;
    const [first] = all;
    if (all.length <= room || first === undefined) return all;
    return [{ ...rest(first.sample), count: all.reduce((sum, group) => sum + group.count, 0) }];
  };

  return {
    admit: (entry, millis) => {
      turnDay(millis);
      turnMinute(millis);
      const open = singles < limits.singlesPerMinute && spentToday < limits.recordsPerDay;
      if (!open) {
        count(entry);
        return false;
      }
      singles += 1;
      spentToday += 1;
      return true;
    },
    due: (millis, final) => {
      turnDay(millis);
      if (groups.size === 0 || (!final && millis - windowStart < minute)) return [];
      const merged = merge();
      if (!final && spentToday + merged.length > limits.recordsPerDay) return [];
      const entries = merged.map((group) => counted(group, windowStart));
      spentToday += entries.length;
      groups = new Map();
      windowStart = millis;
      singles = 0;
      return entries;
    },
  };
}
