import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { listOperations } from '../../src/engine/listing.js';
import { call } from '../../src/engine/pipeline.js';
import type { RequestContext } from '../../src/model/call.js';
import type { Caller } from '../../src/model/caller.js';
import type { EndpointKind } from '../../src/model/rule.js';
import type { Outcome } from '../../src/model/outcome.js';
import { declarationFiles } from '../../src/cli/site/declarations.js';
import { mxcp } from '../cli/run-in-process.js';
import { openExampleSite, siteRoot, type OpenSite } from './example-site.js';

interface Question {
  readonly question: string;
  readonly tool?: string;
  readonly resource?: string;
  readonly prompt?: string;
  readonly arguments?: unknown;
  readonly answers: Readonly<Record<string, unknown>>;
}

type Offers = Record<string, Record<EndpointKind, string[]>>;

const kinds = ['tool', 'resource', 'prompt'] as const;

function cases(name: string): unknown {
  return parse(readFileSync(new URL(`cases/${name}`, import.meta.url), 'utf8'));
}

function callerNamed({ runtime }: OpenSite, name: string): Caller {
  return runtime.callerOf('cli', name === 'stranger' ? undefined : runtime.project.users[name]);
}

const context: RequestContext = { transport: 'cli', id: 'test', time: Date.now() * 1000, headers: {} };

async function ask(site: OpenSite, question: Question, name: string): Promise<Outcome> {
  const kind: EndpointKind = kinds.find((one) => question[one] !== undefined) ?? 'tool';
  return call(site.runtime, {
    kind,
    name: question[kind] ?? '',
    arguments: question.arguments,
    caller: callerNamed(site, name),
    context,
  });
}

/** The outcome in the words of the cases: a value, `denied by <rule>` or `error <code>`. */
function told(outcome: Outcome): unknown {
  if (outcome.status !== 'success') {
    const { policy, error } = outcome;
    return outcome.status === 'denied' ? `denied by ${policy.rule ?? '(none)'}` : `error ${error.code}`;
  }
  const { released } = outcome;
  if (released.form === 'value') return released.value;
  if (released.form === 'content') return released.blocks.map(({ type }) => type).join();
  return released.form === 'messages'
    ? released.messages.map(({ text }) => text).join('\n')
    : released.base64;
}

/** `absent` in an expected object stands for a key that must not be there. */
function expected(value: unknown): unknown {
  if (Array.isArray(value)) return expect.arrayContaining(value.map(expected)) as unknown;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const present = entries.filter(([, child]) => child !== 'absent');
  return expect.objectContaining(
    Object.fromEntries(present.map(([key, child]) => [key, expected(child)])),
  ) as unknown;
}

/** Where the cases say `absent`, checks that nothing is there. */
function checkAbsent(value: unknown, wanted: unknown): void {
  if (Array.isArray(wanted) && Array.isArray(value)) {
    wanted.forEach((one) => value.forEach((item) => checkAbsent(item, one)));
  } else if (typeof wanted === 'object' && wanted !== null) {
    for (const [key, child] of Object.entries(wanted)) {
      if (child === 'absent') expect(value).not.toHaveProperty(key);
      else checkAbsent((value as Record<string, unknown>)[key], child);
    }
  }
}

function checkAnswer(outcome: Outcome, wanted: unknown): void {
  const answer = told(outcome);
  const items = typeof wanted === 'string' ? /^(\d+) items$/.exec(wanted)?.[1] : undefined;
  if (items !== undefined) expect(answer, JSON.stringify(answer)).toHaveLength(Number(items));
  else if (typeof wanted === 'string') expect(answer).toContain(wanted);
  else {
    expect(answer).toEqual(expected(wanted));
    checkAbsent(answer, wanted);
  }
}

describe('the example site', () => {
  let site: OpenSite;
  beforeAll(async () => {
    site = await openExampleSite();
  });
  afterAll(() => site.close());

  describe.each(cases('who-sees-what.yml') as Question[])('$question', (question) => {
    it.each(Object.entries(question.answers))('%s', async (name, wanted) => {
      checkAnswer(await ask(site, question, name), wanted);
    });
  });

  describe('offers', () => {
    const offers = cases('who-is-offered-what.yml') as Offers;
    it.each(Object.entries(offers))('%s what that person may call', (name, wanted) => {
      const caller = callerNamed(site, name);
      for (const kind of kinds) {
        const { operations } = listOperations(site.runtime, caller, context, kind);
        expect(operations.map(({ endpoint }) => endpoint.name)).toEqual(wanted[kind]);
      }
    });
  });

  it('rolls a denied note back', async () => {
    const note = { question: '', tool: 'add_order_note', arguments: { order_id: 1113, note: 'Not mine' } };
    const before = await ask(site, { ...note, answers: {} }, 'daniel');
    expect(told(before)).toBe('denied by note-in-own-region');
    const order = { question: '', tool: 'order', arguments: { order_id: 1113 }, answers: {} };
    expect(told(await ask(site, order, 'fatima'))).toMatchObject({ notes: [] });
  });
});

describe('mxcp on the example site', () => {
  it('finds nothing wrong with it', async () => {
    const { code, stdout, stderr } = await mxcp(['validate'], { cwd: siteRoot });
    expect(code, stdout + stderr).toBe(0);
    expect(stdout + stderr).not.toMatch(/warning/i);
  });

  it('has the declarations of mxcp that this version writes', () => {
    for (const { path, text } of declarationFiles())
      expect(readFileSync(join(siteRoot, path), 'utf8')).toBe(text);
  });

  it('passes all its tests, which see every rule from both sides', async () => {
    const { code, stdout, stderr } = await mxcp(['test', '--coverage'], { cwd: siteRoot });
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain('Rule coverage: 100 %');
  });
});
