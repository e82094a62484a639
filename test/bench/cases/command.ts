import { execFileSync } from 'node:child_process';
import { inTurn, millis, timed, type Row } from '../measure.js';
import { benchEnv, launcher, writeSite } from '../processes.js';

const site = {
  'mxcp-site.yml': `mxcp: 1
project: bench
profile: default
profiles: {default: {duckdb: {path: ":memory:"}}}
`,
  'tools/one.yml': `mxcp: 1
tool: {name: one, parameters: [{name: x, type: integer}], source: {code: SELECT $x + 1 AS y}}
`,
};

/** Cold start of the command line. */
export async function commandCases(): Promise<Row[]> {
  const root = writeSite(site);
  const node = (args: readonly string[]): Promise<number> =>
    timed(() => execFileSync(process.execPath, args, { cwd: root, env: benchEnv(root), stdio: 'ignore' }));
  const version = await inTurn(
    7,
    () => node([launcher, '--version']),
    () => node(['-e', '0']),
  );
  const run = await inTurn(
    5,
    () => node([launcher, 'run', 'tool', 'one', '-p', 'x=1']),
    () => node(['-e', '0']),
  );
  return [
    {
      case: 'mxcp --version / node -e 0',
      ours: millis(version.ours),
      floor: millis(version.floor),
      ratio: version.ours / version.floor,
      target: '≤ 2',
    },
    { case: 'mxcp run', ours: millis(run.ours), floor: '', ratio: undefined, target: '≤ 1 s' },
  ];
}
