import type { Problem } from '../errors.js';
import { didYouMean } from '../lib/did-you-mean.js';
import { variable, type Environment } from './expand.js';
import { environmentTwins, unavailableVariables } from './overrides.js';
import { problem, suggestion } from './problems.js';

const off = new Set(['', '0', 'false', 'no', 'off']);

/** `MXCP_*` variables that nothing reads (a warning), and those that ask for protection that is not there yet (an error). */
export function checkVariables(env: Environment): readonly Problem[] {
  const names = Object.keys(env).filter((name) => name.startsWith('MXCP_'));
  return names.flatMap((name) => {
    const origin = { file: `environment variable ${name}`, line: 1, column: 1 };
    if (Object.hasOwn(environmentTwins, name)) return [];
    if (unavailableVariables.includes(name)) {
      if (off.has((variable(env, name) ?? '').toLowerCase())) return [];
      const message = `${name} is not available yet: it comes with a later version`;
      return [problem(origin, { rule: 'not-available', message, remedy: `Unset ${name}.` })];
    }
    const remedy = suggestion(didYouMean(name, Object.keys(environmentTwins)));
    if (remedy === undefined) return [];
    return [
      problem(origin, {
        severity: 'warning',
        rule: 'unknown-variable',
        message: `Nothing reads ${name}`,
        remedy,
      }),
    ];
  });
}
