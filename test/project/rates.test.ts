import { describe, expect, it } from 'vitest';
import type { RateSettings } from '../../src/model/auth-settings.js';
import type { LoadOptions } from '../../src/project/load.js';
import { minimalSite, newSite, place, read } from './site.js';

async function rates(site: string, options: Partial<LoadOptions> = {}): Promise<RateSettings | undefined> {
  const { project, problems } = await read(await newSite({ 'mxcp-site.yml': minimalSite + site }), options);
  expect(problems).toEqual([]);
  return project?.rates;
}

const rate = (perMinute: number, burst: number): object => ({ perMinute, burst });

describe('limits.rate', () => {
  it('has defaults for everything but endpoints and addresses', async () => {
    expect(await rates('')).toEqual({
      global: rate(6000, 1000),
      perUser: rate(600, 100),
      perClient: rate(600, 100),
      perKey: rate(1200, 200),
      signIn: rate(30, 30),
      consent: rate(30, 30),
      token: rate(30, 30),
      registration: rate(10, 10),
    });
  });

  it('strict is 60 a minute with bursts of 10, 5 and 20', async () => {
    expect(await rates('limits: {rate: strict}\n')).toMatchObject({
      global: rate(60, 10),
      perUser: rate(60, 5),
      perClient: rate(60, 5),
      perKey: rate(60, 20),
    });
  });

  it.each([
    ["'60/min'", rate(60, 10)],
    ["'10/s'", rate(600, 100)],
    ["'30/h'", rate(0.5, 1)],
    ["'1.5 / min'", rate(1.5, 1)],
    ['{rate: 60/min, burst: 7}', rate(60, 7)],
    ['{rate: 100/h}', rate(100 / 60, 1)],
  ])('%s is a rate', async (text, wanted) => {
    expect((await rates(`limits: {rate: {per_endpoint: ${text}}}\n`))?.perEndpoint).toEqual(wanted);
  });

  it('of a profile wins tier by tier, and off switches a tier off', async () => {
    const site =
      'limits: {rate: {per_user: 60/min, per_key: 60/min}}\nprofiles: {default: {limits: {rate: {per_user: 120/min, global: off}}}}\n';
    const found = await rates(site);
    expect(found).toMatchObject({ perUser: rate(120, 20), perKey: rate(60, 10) });
    expect(found?.global).toBeUndefined();
  });

  it.each([
    ['{rate: {per_user: 60/m}}', '4:27 wrong-value'],
    ['{rate: {per_user: 0/min}}', '4:27 wrong-value'],
    ['{rate: {sign_in: off}}', '4:26 wrong-value'],
    ['{rate: {per_usr: 60/min}}', '4:17 unknown-key'],
    ['{rate: {per_user: {rate: 60/min, burst: 0}}}', '4:49 wrong-value'],
    ['{rate: {per_user: {burst: 5}}}', '4:17 missing-key'],
    ['{rate: lax}', '4:16 wrong-value'],
  ])('%s is refused', async (text, wanted) => {
    const { problems } = await read(await newSite({ 'mxcp-site.yml': `${minimalSite}limits: ${text}\n` }));
    expect(problems.map(place).map((each) => each.replace(/^mxcp-site.yml:/, ''))).toEqual([wanted]);
  });

  it.each(['60', '10/hour', '[60/min]'])('%s is answered with how rates are written', async (text) => {
    const limits = `limits: {rate: {per_user: ${text}}}\n`;
    const { problems } = await read(await newSite({ 'mxcp-site.yml': minimalSite + limits }));
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('like 10/s, 60/min or 1000/h'),
    ]);
  });
});

describe('--rate-limit-window and --rate-limit-max', () => {
  it.each([
    ['both flags', { overrides: { rateLimitWindow: 1, rateLimitMax: 30 } }, rate(30, 30)],
    ['both variables', { env: { MXCP_RATE_LIMIT_WINDOW: '10', MXCP_RATE_LIMIT_MAX: '50' } }, rate(5, 50)],
    [
      'a flag over a variable',
      { overrides: { rateLimitMax: 30 }, env: { MXCP_RATE_LIMIT_WINDOW: '1', MXCP_RATE_LIMIT_MAX: '5' } },
      rate(30, 30),
    ],
    ['only the window: 100 calls', { overrides: { rateLimitWindow: 10 } }, rate(10, 100)],
    ['only the number: 15 minutes', { overrides: { rateLimitMax: 100 } }, rate(100 / 15, 100)],
  ])('set what one person may do: %s', async (_how, options, wanted) => {
    const site = 'limits: {rate: {per_user: 1/min}}\n';
    const found = await rates(site, options);
    expect(found?.perUser).toEqual(wanted);
    expect(found?.perClient).toEqual(rate(600, 100));
  });

  it.each(['0', '-1', 'many', '1.5'])('MXCP_RATE_LIMIT_MAX=%s is refused', async (text) => {
    const { problems } = await read(await newSite(), { env: { MXCP_RATE_LIMIT_MAX: text } });
    expect(problems).toMatchObject([{ severity: 'error', rule: 'wrong-value' }]);
  });
});
