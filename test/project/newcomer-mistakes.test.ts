import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { newSite, place, read } from './site.js';

interface Case {
  readonly slip: string;
  readonly file: string;
  readonly text: string;
  readonly at: string;
  readonly says?: string;
  readonly remedy?: string;
  readonly only?: boolean;
}

const casesOf = (name: string): readonly Case[] =>
  parse(readFileSync(new URL(`./cases/${name}`, import.meta.url), 'utf8')) as readonly Case[];
const cases = [...casesOf('newcomer-mistakes.yml'), ...casesOf('sign-in-slips.yml')];

describe('what is said of', () => {
  it.each(cases)('$slip', async ({ file, text, at, says, remedy, only }) => {
    const { problems } = await read(await newSite({ [file]: text }));
    expect(problems.map(place)).toContain(at);
    const found = problems.find((problem) => place(problem) === at);
    if (says !== undefined) expect(found?.message).toContain(says);
    if (remedy !== undefined) expect(found?.remedy).toBe(remedy);
    if (only === true) expect(problems.map(place)).toEqual([at]);
  });
});
