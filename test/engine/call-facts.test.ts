import { describe, expect, it } from 'vitest';
import { callerName } from '../../src/engine/call-facts.js';
import type { Caller } from '../../src/model/caller.js';
import { caller } from '../policy/build.js';

const nobody = caller();

function asserted(more: Partial<Caller>): Caller {
  return { ...nobody, source: 'asserted', ...more };
}

describe('the name under which a caller has workers', () => {
  const people: readonly (readonly [string, Caller])[] = [
    ['nobody known', nobody],
    ['a person without a name', asserted({})],
    ['a user', asserted({ username: 'ann lee' })],
    ['a user and an address that read like it', asserted({ username: 'ann', email: 'lee' })],
    ['an address', asserted({ email: 'ann lee' })],
    ['a user of that provider', asserted({ username: 'ann lee', provider: 'acme' })],
    ['a user who is called null', asserted({ username: 'null' })],
    ['a key', asserted({ key: 'ann lee', username: 'ann lee' })],
    ['a key that reads like a joined name', asserted({ key: 'asserted ann lee' })],
    [
      'a key that reads like the name of a user',
      asserted({ key: callerName(asserted({ username: 'ann' })) }),
    ],
    ['the user of that name', asserted({ username: 'ann' })],
  ];

  it('is never that of another person', () => {
    const names = people.map(([, caller]) => callerName(caller));
    expect(new Set(names).size).toBe(people.length);
  });

  it('is the same in each call of a person, whatever else is known of him by then', () => {
    const first: Caller = { ...nobody, source: 'verified', key: 'acme|7', username: 'ann' };
    const renamed: Caller = { ...first, username: 'ann.lee', email: 'ann@example.com', role: 'admin' };
    expect(callerName(renamed)).toBe(callerName(first));
  });
});
