/** A client that registered and that nobody has let in yet. Times in milliseconds since the Unix epoch. */
export interface Unused {
  /** What the address counts as that it registered from. */
  readonly from: string;
  readonly at: number;
  /** A person may be deciding about it until then. */
  readonly askedUntil?: number;
}

/** Clients of one address that people may be deciding about at a time: more of them are a flood. */
const mostAsked = 20;

function byAddress<T extends Unused>(clients: readonly T[]): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const client of clients) {
    const group = groups.get(client.from);
    if (group === undefined) groups.set(client.from, [client]);
    else group.push(client);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

/**
 * Which client gives way to a new one: the oldest of the address that has most, so that whoever floods drops what is their own.
 * One that a person may be deciding about gives way only where its address has more than `mostAsked` of these and no others.
 * Undefined: none does.
 */
export function toDrop<T extends Unused>(clients: readonly T[], now: number): T | undefined {
  for (const group of byAddress(clients)) {
    const idle = group.filter(({ askedUntil = 0 }) => askedUntil <= now);
    const candidates = idle.length > 0 || group.length <= mostAsked ? idle : group;
    const oldest = candidates.toSorted((a, b) => a.at - b.at)[0];
    if (oldest !== undefined) return oldest;
  }
  return undefined;
}
