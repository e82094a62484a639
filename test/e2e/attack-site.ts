import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mxcp } from '../cli/run-in-process.js';
import { type Attack, attacks } from './attack-cases.js';
import { leaksIn } from './leaks.js';
import { copySite, type Site } from './program.js';

const userConfig = `
mxcp: 1
projects:
  attack:
    profiles:
      default:
        secrets: [{name: warehouse, type: s3, parameters: {key_id: LEAK-9c1f-key, secret: LEAK-9c1f-secret, region: x}}]
`;

/** The site under attack, with a secret in its user config and another in its environment. */
export function attackSite(): Site {
  const site = copySite('test/fixtures/attack-site', { LEAK_ENV: 'LEAK-9c1f-environment' });
  mkdirSync(join(site.base, 'home', '.mxcp'));
  writeFileSync(join(site.base, 'home', '.mxcp', 'config.yml'), userConfig, { mode: 0o600 });
  return site;
}

/** What is wrong with an answer: it ended otherwise than it may, or something left with it. */
export function faultsOf(person: string, attack: Attack, end: string, answer: string): string[] {
  const hidden = person === 'stranger' && attack.name === 'execute_sql_query';
  const denied = attack.ends.includes('POLICY_DENIED') ? ['unknown'] : [];
  const ends = hidden ? ['unknown'] : [...attack.ends, ...denied];
  // An answer names the URI that it is about: what the caller wrote there he knows.
  const said = attack.kind === 'resource' ? answer.replaceAll(attack.name, '') : answer;
  const leaks = leaksIn(said).map((leak) => `${attack.title}: ${leak} left`);
  return ends.includes(end) ? leaks : [...leaks, `${attack.title}: ${end} instead of ${ends.join(', ')}`];
}

/** Options that make the caller mallory, who is signed in and may do little. */
export const asMallory: readonly string[] = ['--as', 'mallory'];

/** Options that make the caller somebody whose permissions are a text instead of a list. */
export const asOneText: readonly string[] = [
  '-u',
  '{"user_id":"9","permissions":"not-vault.read-at-all","claims":null}',
];

const gates = ['permitted', 'cleared', 'suspended', 'owner_rows', 'owner_denied', 'exotic_masked'];

/** Payloads against tools that look at permissions and claims. */
export const gateAttacks: readonly Attack[] = attacks.filter(({ name }) => gates.includes(name));

/** The arguments of `mxcp` that make an attack, with its JSON texts in files. */
export function commandOf(site: Site, who: readonly string[], attack: Attack): string[] {
  const parameters = attack.arguments.flatMap(([key, text], i) => {
    const file = join(site.base, `argument-${i}.json`);
    writeFileSync(file, text);
    return ['-p', `${key}=@${file}`];
  });
  return ['run', attack.kind, attack.name, ...parameters, ...who, '--json'];
}

/** Makes attacks on the command line, in this process; gives what was wrong with their answers. */
export async function attackByCommand(
  site: Site,
  who: readonly string[],
  chosen: readonly Attack[],
): Promise<string[]> {
  const env = Object.fromEntries(Object.entries(site.env).map(([key, value]) => [key, value ?? '']));
  const faults: string[] = [];
  for (const attack of chosen) {
    const { stdout, stderr } = await mxcp(commandOf(site, who, attack), { cwd: site.root, env });
    const { code = 'success' } = JSON.parse(stdout) as { code?: string };
    const end = code === 'CALL_UNKNOWN_ENDPOINT' ? 'unknown' : code;
    faults.push(...faultsOf('mallory', attack, end, stdout + stderr));
  }
  return faults;
}
