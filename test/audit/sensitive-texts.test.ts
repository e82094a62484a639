import { describe, expect, it } from 'vitest';
import { hideArguments } from '../../src/audit/sensitive-texts.js';
import type { TypeNode } from '../../src/model/type-node.js';

const origin = { file: 'x.yml', line: 1, column: 1 };
const pin: TypeNode = { type: 'string', sensitive: true, origin };
const pins: TypeNode = { type: 'array', items: pin, origin };
const card: TypeNode = { type: 'object', properties: [{ name: 'pin', node: pin }], origin };

describe('an error text that quotes what was sent', () => {
  it.each([
    ['text for a list of sensitive texts', pins, 'hunter2secret'],
    ['an object for a list', pins, { pins: 'hunter2secret' }],
    ['a list for an object', card, ['hunter2secret']],
    ['text for an object', card, 'hunter2secret'],
    ['what belongs there', card, { pin: 'hunter2secret' }],
  ] as const)('loses what may be sensitive: %s', (_, node, sent) => {
    const text = hideArguments('got hunter2secret', { x: sent }, new Map([['x', node]]));
    expect(text).toBe('got [REDACTED]');
  });

  it('keeps what is in the declared shape and not sensitive', () => {
    const sent = { pin: 'a', city: 'Zurich' };
    expect(hideArguments('got Zurich', { x: sent }, new Map([['x', card]]))).toBe('got Zurich');
  });
});
