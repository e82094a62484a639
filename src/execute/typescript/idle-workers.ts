interface Idle<T> {
  readonly worker: T;
  /** Whose it is; undefined of a new one, which has served nobody. */
  readonly owner: string | undefined;
}

/** Workers that serve nobody at the moment. One that has served somebody is lent to nobody else. */
export class IdleWorkers<T extends { readonly usable: () => boolean }> {
  /** Those used last are last. */
  private readonly all: Idle<T>[] = [];

  /** Takes a worker in; one that is `slow` is behind all others of its owner. */
  put(worker: T, owner: string | undefined, slow: boolean): void {
    if (slow) this.all.unshift({ worker, owner });
    else this.all.push({ worker, owner });
  }

  /** A worker of this owner, else a new one. */
  take(owner: string): T | undefined {
    return this.takeOf(owner) ?? this.takeOf(undefined);
  }

  /** The worker that has waited longest for its owner. */
  takeOldest(): T | undefined {
    return this.takeAt(this.all.findIndex((each) => each.owner !== undefined));
  }

  remove(worker: T): void {
    this.takeAt(this.all.findIndex((each) => each.worker === worker));
  }

  counts(): { readonly fresh: number; readonly owned: number } {
    const owned = this.all.filter(({ owner }) => owner !== undefined).length;
    return { owned, fresh: this.all.length - owned };
  }

  private takeOf(owner: string | undefined): T | undefined {
    return this.takeAt(this.all.findLastIndex((each) => each.owner === owner && each.worker.usable()));
  }

  private takeAt(place: number): T | undefined {
    return place === -1 ? undefined : this.all.splice(place, 1)[0]?.worker;
  }
}
