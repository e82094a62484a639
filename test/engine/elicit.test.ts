import { describe, expect, it } from 'vitest';
import { bareForm, readAnswer } from '../../src/engine/elicit-form.js';
import { openRounds } from '../../src/engine/elicit-rounds.js';
import { createElicitStates, type StateBinding } from '../../src/engine/elicit-state.js';
import { createSpentStates } from '../../src/engine/spent-states.js';
import { InputRequiredError, isMxcpError } from '../../src/errors.js';
import type { Json, JsonObject } from '../../src/model/json.js';

const secret = 'a site secret of some length';

const binding: StateBinding = {
  caller: 'google|1',
  clientId: 'client-1',
  clientName: 'editor',
  project: 'digest-1',
  endpoint: 'tool/delete_orders',
  arguments: { customer: 7 },
};

const schema = { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] };
const question = (
  key: string,
  message = `${key}?`,
): { key: string; schema: JsonObject; message: string } => ({
  key,
  schema,
  message,
});
const yes = { action: 'accept', content: { sure: true } };

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isMxcpError(error)) return error.code;
    throw error;
  }
  return 'no error';
}

/** What a call asks when its client comes with this state and these answers. */
function asked(work: () => unknown): InputRequiredError {
  try {
    work();
  } catch (error) {
    if (error instanceof InputRequiredError) return error;
    throw error;
  }
  throw new Error('nothing was asked');
}

const newStates = (now?: () => number): ReturnType<typeof createElicitStates> =>
  createElicitStates(secret, now, createSpentStates(100));

describe('a question that ends a call', () => {
  it('is answered by the next round, which knows the answers of the rounds before', () => {
    const states = newStates();
    const first = asked(() => openRounds(states, binding, { answers: {} })(question('a')));
    expect(first.question).toEqual(question('a'));
    const second = asked(() => {
      const ask = openRounds(states, binding, { state: first.state, answers: { a: yes } });
      expect(ask(question('a'))).toEqual(yes);
      ask(question('b'));
    });
    const ask = openRounds(states, binding, { state: second.state, answers: { b: { action: 'decline' } } });
    expect([ask(question('a')), ask(question('b'))]).toEqual([yes, { action: 'decline' }]);
  });

  it('is asked again when the body now shows other words under the same key', () => {
    const states = newStates();
    const first = asked(() =>
      openRounds(states, binding, { answers: {} })(question('a', 'Delete 3 orders?')),
    );
    const ask = openRounds(states, binding, { state: first.state, answers: { a: yes } });
    expect(asked(() => ask(question('a', 'Delete 300 orders?'))).question.message).toBe('Delete 300 orders?');
  });

  it('is not answered by what was never asked, nor by an answer that does not fit the form', () => {
    const states = newStates();
    expect(
      asked(() => openRounds(states, binding, { answers: { a: yes } })(question('a'))).question.key,
    ).toBe('a');
    const answers: readonly Json[] = [
      { action: 'accept' },
      { action: 'accept', content: {} },
      { action: 'accept', content: { sure: 'true' } },
      { action: 'maybe', content: { sure: true } },
      'yes',
      null,
    ];
    for (const answer of answers) {
      const { state } = asked(() => openRounds(states, binding, { answers: {} })(question('a')));
      const ask = openRounds(states, binding, { state, answers: { a: answer } });
      expect(asked(() => ask(question('a'))).question.key).toBe('a');
    }
    const { state } = asked(() => openRounds(states, binding, { answers: {} })(question('a')));
    const ask = openRounds(states, binding, { state, answers: { a: yes, b: yes } });
    ask(question('a'));
    expect(asked(() => ask(question('b'))).question.key).toBe('b');
  });

  it('is answered without a state only where the body does nothing but read', () => {
    const states = newStates();
    const rounds = { answers: { a: yes, b: 'yes', unknown: yes } };
    expect(openRounds(states, binding, rounds, true)(question('a'))).toEqual(yes);
    expect(asked(() => openRounds(states, binding, rounds, true)(question('b'))).question.key).toBe('b');
    expect(asked(() => openRounds(states, binding, rounds, true)(question('c'))).question.key).toBe('c');
    expect(asked(() => openRounds(states, binding, rounds, false)(question('a'))).question.key).toBe('a');
  });

  it('gives a body nothing but what its form asks for', () => {
    const states = newStates();
    const { state } = asked(() => openRounds(states, binding, { answers: {} })(question('a')));
    const more = { action: 'accept', content: { sure: true, __proto__: { admin: true }, extra: 1 } };
    const ask = openRounds(states, binding, { state, answers: { a: more } });
    expect(ask(question('a'))).toEqual(yes);
  });

  it.each([
    ['plain', { enum: ['red', 'blue'] }],
    ['with titles', { oneOf: [{ const: 'red', title: 'Red' }, { const: 'blue' }] }],
  ])('gives a body one of the choices that its form lists, %s', (_how, choices) => {
    const schema = { type: 'object', properties: { color: { type: 'string', ...choices } } };
    const answer = (color: string): JsonObject | undefined =>
      readAnswer(schema, { action: 'accept', content: { color } });
    expect(answer('blue')).toEqual({ action: 'accept', content: { color: 'blue' } });
    expect(answer('green')).toBeUndefined();
  });

  it.each([
    ['no object', { type: 'string' }],
    ['nested', { type: 'object', properties: { a: { type: 'object' } } }],
    ['without a field', { type: 'object', properties: {} }],
  ])('needs a flat form: %s is refused', (_shape, wrong) => {
    const ask = openRounds(newStates(), binding, { answers: {} });
    expect(codeOf(() => ask({ ...question('a'), schema: wrong }))).toBe('EXECUTE_BODY_FAILED');
  });
});

describe('a form without the words of its author', () => {
  const words = 'her salary is 1000';
  const pay = { type: 'string', title: words, description: words, format: words, minLength: words };
  const sent = { type: 'string', format: 'email', maxLength: 50, enum: [words], default: words };
  const years = { type: 'integer', minimum: 1000, maximum: 1000 };
  const properties = { pay, sent, [words]: years };
  const form = { type: 'object', title: words, properties, required: [words, 'absent'] };

  it('keeps kinds of fields, and no name, text or number that is not of the protocol', () => {
    expect(bareForm(form).schema).toEqual({
      type: 'object',
      properties: {
        field_1: { type: 'string' },
        field_2: { type: 'string', format: 'email' },
        field_3: { type: 'integer' },
      },
      required: ['field_3'],
    });
  });

  it('gives answers their names back, and takes no other ones', () => {
    const { restore } = bareForm(form);
    const content = { field_1: 'a', field_3: 1000, pay: 'b', extra: 1 };
    expect(restore({ action: 'accept', content })).toEqual({
      action: 'accept',
      content: { pay: 'a', [words]: 1000 },
    });
    expect(restore({ action: 'decline' })).toEqual({ action: 'decline' });
  });

  it('is answered for the question behind it alone', () => {
    const states = newStates();
    const withheld = (message: string) => ({ ...question('question_1', '-'), withheld: { message } });
    const { state, question: sent } = asked(() =>
      openRounds(states, binding, { answers: {} })(withheld('Dismiss Ada?')),
    );
    expect(JSON.stringify(sent)).not.toContain('Ada');
    const ask = openRounds(states, binding, { state, answers: { question_1: yes } });
    expect(asked(() => ask(withheld('Dismiss Ben?'))).question.key).toBe('question_1');
    expect(ask(withheld('Dismiss Ada?'))).toEqual(yes);
  });
});

describe('a state that travels through a client', () => {
  const stateFrom = (states: ReturnType<typeof newStates>): string =>
    asked(() => openRounds(states, binding, { answers: {} })(question('a'))).state;
  const come = (states: ReturnType<typeof newStates>, state: string, as: StateBinding = binding): string =>
    codeOf(() => openRounds(states, as, { state, answers: { a: yes } }));

  it('says nothing about what is in it', () => {
    const states = newStates();
    const text = Buffer.from(stateFrom(states), 'base64url').toString('latin1');
    for (const known of ['asked', 'answers', 'google', 'delete_orders', 'expires'])
      expect(text).not.toContain(known);
  });

  it('opens once', () => {
    const states = newStates();
    const state = stateFrom(states);
    expect([come(states, state), come(states, state)]).toEqual(['no error', 'ELICIT_STATE_INVALID']);
  });

  it('opens once for all runtimes of a process, so that a reload forgets none', () => {
    const state = stateFrom(createElicitStates(secret));
    expect(come(createElicitStates(secret), state)).toBe('no error');
    expect(come(createElicitStates(secret), state)).toBe('ELICIT_STATE_INVALID');
  });

  it('expires after ten minutes', () => {
    let now = 0;
    const states = newStates(() => now);
    const [early, late] = [stateFrom(states), stateFrom(states)];
    now = 10 * 60_000 - 1;
    expect(come(states, early)).toBe('no error');
    now += 1;
    expect(come(states, late)).toBe('ELICIT_STATE_INVALID');
  });

  it.each<[string, Partial<StateBinding>]>([
    ['another user', { caller: 'google|2' }],
    ['nobody', { caller: null }],
    ['another client', { clientId: 'client-2' }],
    ['a client of another name', { clientName: 'browser' }],
    ['a project that has changed', { project: 'digest-2' }],
    ['another endpoint', { endpoint: 'tool/delete_customers' }],
    ['other arguments', { arguments: { customer: 8 } }],
  ])('does not open for %s, and is then still good for its own call', (_whom, change) => {
    const states = newStates();
    const state = stateFrom(states);
    expect(come(states, state, { ...binding, ...change })).toBe('ELICIT_STATE_INVALID');
    expect(come(states, state)).toBe('no error');
  });

  it('does not open when any byte of it is changed, cut or added', () => {
    const states = newStates();
    const bytes = Buffer.from(stateFrom(states), 'base64url');
    const altered = [...bytes.keys()].map((at) =>
      Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))),
    );
    const cut = [bytes.subarray(1), bytes.subarray(0, -1), bytes.subarray(0, 12), Buffer.alloc(0)];
    const all = [...altered, ...cut, Buffer.concat([bytes, Buffer.alloc(1)])];
    const codes = new Set(all.map((each) => come(states, each.toString('base64url'))));
    expect([...codes]).toEqual(['ELICIT_STATE_INVALID']);
  });

  it('does not open when it was made with another secret, or is no state at all', () => {
    const states = newStates();
    const foreign = stateFrom(createElicitStates('another secret, just as long'));
    for (const text of [foreign, '', '%%%', 'x'.repeat(100_000), '{"asked":{"key":"a"},"answers":[]}'])
      expect(come(states, text)).toBe('ELICIT_STATE_INVALID');
  });

  it('is refused when there is no room to remember that it was used', () => {
    const states = createElicitStates(secret, Date.now, createSpentStates(1));
    const [one, other] = [stateFrom(states), stateFrom(states)];
    expect([come(states, one), come(states, other)]).toEqual(['no error', 'ELICIT_STATE_INVALID']);
  });
});
