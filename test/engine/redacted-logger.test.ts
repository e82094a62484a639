import pino from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BodyFailedError } from '../../src/errors.js';
import { call } from '../../src/engine/pipeline.js';
import { redactedLogger } from '../../src/engine/redacted-logger.js';
import { auditSettings } from '../audit/support.js';
import { serveSite } from '../transport/open-site.js';

const secrets = {
  jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl',
  bearer: 'Bearer abcdef0123456789',
  card: '4111 1111 1111 1111',
  ssn: '078-05-1120',
};

const files = {
  'mxcp-site.yml': `mxcp: 1
project: words
profile: default
profiles: {default: {duckdb: {path: ':memory:'}, audit: {redact_keys: [passphrase]}}}
`,
  'tools/says.yml': `mxcp: 1
tool:
  name: says
  parameters: [{name: text, type: string}, {name: how, type: string}]
  source: {file: ../typescript/says.ts}
`,
  'typescript/says.ts': `import { ToolError, type ToolContext } from 'mxcp';

export const onInit = (ctx: any) => ctx.log.info('hook has ${secrets.bearer}');

export function says({ text, how }: { text: string; how: string }, ctx: ToolContext) {
  ctx.log.info('marked ' + text, { deep: [{ text }], passphrase: 'open sesame', json: JSON.stringify({ text }) });
  ctx.audit.event({ target: text, passphrase: 'open sesame' });
  console.log('marked ' + text);
  if (how === 'tool') throw new ToolError('marked ' + text);
  if (how === 'error') throw new TypeError('marked ' + text, { cause: new Error('marked cause ' + text) });
  return 'said';
}
`,
};

describe('what a body says', () => {
  it.each(['says', 'tool', 'error'])(
    'is redacted in the log of the server and on record (%s)',
    async (how) => {
      const site = await serveSite(files);
      onTestFinished(() => site.close());
      for (const text of Object.values(secrets)) {
        await call(site.runtime, {
          kind: 'tool',
          name: 'says',
          arguments: { text, how },
          caller: site.runtime.callerOf('http'),
          context: { transport: 'http', id: 'r', time: Date.now() * 1000, headers: {} },
        });
      }
      await expect
        .poll(() => site.logger.lines.filter((line) => line.includes('a body printed')))
        .toHaveLength(4);
      const everything = [...site.logger.lines, JSON.stringify(site.records())].join('\n');
      expect(everything).toContain('marked');
      for (const secret of [...Object.values(secrets), 'abcdef0123456789', 'open sesame'])
        expect(everything).not.toContain(secret);
      const said = site.logger.lines.filter((line) => line.includes('marked ')).length;
      expect(said).toBeGreaterThanOrEqual(how === 'says' ? 8 : 12);
    },
  );
});

describe('a line of the log', () => {
  it('has the class, the place and the causes of an error, without what they quote', () => {
    const lines: string[] = [];
    const log = redactedLogger(
      pino({}, { write: (line: string) => void lines.push(line) }),
      auditSettings('/nowhere', { maxValueBytes: 10, maxRecordBytes: 100 }),
    );
    const cause = Object.assign(new TypeError(`cause ${secrets.jwt}`), { token: 'hunter2', status: 7 });
    log.error({ err: new BodyFailedError(`failed ${secrets.ssn}`, { cause }), call_id: 'c' }, secrets.bearer);
    log.warn({ err: new DOMException('gone', 'AbortError') }, 'x');
    const [first, second] = lines.map(
      (line) => JSON.parse(line) as { err: { message: string; stack: string } },
    );
    expect(first).toMatchObject({
      msg: 'Bearer [REDACTED]',
      call_id: 'c',
      err: {
        type: 'BodyFailedError',
        code: 'EXECUTE_BODY_FAILED',
        message: 'failed [REDACTED]: cause [REDACTED]',
      },
    });
    expect(first?.err.stack).toMatch(
      /redacted-logger\.test\.ts[^]*caused by: TypeError[^]*redacted-logger\.test\.ts/i,
    );
    for (const secret of [...Object.values(secrets), 'hunter2']) expect(lines.join('')).not.toContain(secret);
    expect(second?.err).toMatchObject({ type: 'DOMException', message: 'gone' });
  });
});
