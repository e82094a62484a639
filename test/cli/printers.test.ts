import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ConfigInvalidError, type Problem } from '../../src/errors.js';
import { colorsFor } from '../../src/cli/colors.js';
import type { Context } from '../../src/cli/context.js';
import { explainText } from '../../src/cli/explain.js';
import { createLogger } from '../../src/cli/logger.js';
import { presentError } from '../../src/cli/present-error.js';
import { printable, printableJson } from '../../src/cli/printable.js';
import { githubText } from '../../src/cli/problems/github.js';
import { sarifLog } from '../../src/cli/problems/sarif.js';

const problems: readonly Problem[] = [
  {
    severity: 'error',
    rule: 'unknown-key',
    message: 'Unknown key: nmae',
    remedy: 'Did you mean name?',
    origin: { file: 'tools/a,b.yml', line: 3, column: 5 },
    excerpt: '  nmae: x\n  ^',
    endpoint: 'tool/a',
  },
  {
    severity: 'warning',
    rule: 'odd',
    message: '100 %\nodd',
    origin: { file: 'mxcp-site.yml', line: 1, column: 1 },
  },
];

function contextWith(json: boolean): { context: Context; out: () => string; err: () => string } {
  let out = '';
  let err = '';
  const stdout = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      out += chunk;
      done();
    },
  });
  const stderr = { write: (text: string) => void (err += text) };
  const plain = colorsFor(stdout, {}, false);
  const context: Context = {
    world: {
      stdin: process.stdin,
      stdout,
      stderr,
      env: {},
      cwd: '/',
      launch: [],
      interrupts: () => new AbortController().signal,
    },
    options: { envFile: true, json, debug: false, quiet: false },
    colors: { stdout: plain, stderr: plain },
  };
  return { context, out: () => out, err: () => err };
}

describe('the log', () => {
  it.each([
    ['auto', true, false],
    ['auto', false, true],
    ['json', true, true],
    ['pretty', false, false],
  ] as const)('as %s, on a terminal: %s, is JSON: %s', (format, isTTY, json) => {
    const { context, err } = contextWith(false);
    const stderr = Object.assign(context.world.stderr, { isTTY });
    const logger = createLogger(
      { ...context, world: { ...context.world, stderr } },
      { level: 'info', format },
    );
    logger.info({ url: 'x' }, 'listening');
    expect(err().startsWith('{')).toBe(json);
    expect(err()).toContain('listening');
  });
});

describe('problems', () => {
  it('are printed on stderr with place, message, caret and remedy, and end with exit code 3', () => {
    const { context, out, err } = contextWith(false);
    expect(presentError(context, new ConfigInvalidError(problems))).toBe(3);
    expect(out()).toBe('');
    expect(err()).toBe(
      [
        'tools/a,b.yml:3:5 error Unknown key: nmae [unknown-key]',
        '      nmae: x',
        '      ^',
        '    Did you mean name?',
        'mxcp-site.yml:1:1 warning 100 %',
        '    odd [odd]',
        '1 error, 1 warning',
        '',
      ].join('\n'),
    );
  });

  it('are the issues of the JSON document, flat', () => {
    const { context, out, err } = contextWith(true);
    presentError(context, new ConfigInvalidError(problems));
    expect(err()).toBe('');
    expect(JSON.parse(out())).toMatchObject({
      status: 'error',
      code: 'CONFIG_INVALID',
      issues: [{ file: 'tools/a,b.yml', line: 3, column: 5, rule: 'unknown-key' }, { file: 'mxcp-site.yml' }],
    });
  });

  it('are GitHub annotations, escaped', () => {
    expect(githubText(problems, (file) => `site/${file}`).split('\n')).toEqual([
      '::error file=site/tools/a%2Cb.yml,line=3,col=5,title=unknown-key::Unknown key: nmae%0ADid you mean name?',
      '::warning file=site/mxcp-site.yml,line=1,col=1,title=odd::100 %25%0Aodd',
    ]);
  });

  it('are a SARIF 2.1.0 log', () => {
    expect(sarifLog(problems, '1.2.3', (file) => `a b/${file}`)).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'mxcp', version: '1.2.3', rules: [{ id: 'odd' }, { id: 'unknown-key' }] } },
          results: [
            {
              ruleId: 'unknown-key',
              level: 'error',
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'a%20b/tools/a%2Cb.yml' },
                    region: { startLine: 3, startColumn: 5 },
                  },
                },
              ],
            },
            { level: 'warning' },
          ],
        },
      ],
    });
  });
});

describe('text for a terminal', () => {
  it('cannot move the cursor, rewrite the screen or turn the direction of text', () => {
    expect(printable('a\u001b[2Jb\u009bc\rd\u202ee\tf\ng')).toBe(
      'a\\u{1b}[2Jb\\u{9b}c\\u{d}d\\u{202e}e\tf\ng',
    );
  });

  it('is escaped in JSON documents, which stay what they are', () => {
    const value = { 'a\u009b': ['\u001b[2J\u202e', 'line\nbreak'] };
    const text = printableJson(value);
    expect(JSON.parse(text)).toEqual(value);
    for (const char of ['\u001b', '\u009b', '\u202e']) expect(text).not.toContain(char);
  });

  it.each([
    ['a terminal', { isTTY: true }, {}, true, true],
    ['no terminal', { isTTY: false }, {}, true, false],
    ['NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, true, false],
    ['an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, true, true],
    ['--no-color', { isTTY: true }, {}, false, false],
    ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, true, false],
  ])('has colours as wanted: %s', (_, sink, env, wanted, colored) => {
    expect(colorsFor({ write: () => undefined, ...sink }, env, wanted).isColorSupported).toBe(colored);
  });
});

describe('an explained rule', () => {
  it.each([
    ['enforce', 'could not be evaluated, so it denies: no such key'],
    ['shadow', 'could not be evaluated (shadow: without effect): no such key'],
  ] as const)('in mode %s that could not be evaluated says what that did', (mode, wanted) => {
    const rule = {
      id: 'r',
      stage: 'input',
      action: 'deny',
      mode,
      place: 'a.yml:1:1',
      condition: 'x',
    } as const;
    const failed = { ...rule, matched: 'not-evaluable', changed: 0, error: 'no such key' } as const;
    const caller = { role: 'hr', roles: [], capabilities: [] };
    expect(explainText(caller, [failed], { decision: 'n/a', traces: [] })).toContain(`input r: ${wanted}\n`);
  });
});
