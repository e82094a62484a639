import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { mxcp } from './run-in-process.js';

/** What bash offers for a command line whose last word is being typed. */
function completions(script: string, ...words: readonly string[]): string[] {
  const program = `source /dev/stdin <<'SCRIPT'
${script}
SCRIPT
COMP_WORDS=(mxcp "$@"); COMP_CWORD=$#; _mxcp; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', program, 'bash', ...words], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

describe('mxcp completion bash', () => {
  let script = '';
  beforeAll(async () => {
    script = (await mxcp(['completion', 'bash'])).stdout;
  });

  it.each([
    ['commands', ['val'], ['validate']],
    ['the values of an argument', ['schema', 'too'], ['tool']],
    ['options of the command', ['init', '--boot'], ['--bootstrap']],
    ['common options', ['init', '--prof'], ['--profile']],
    ['options after common ones', ['--debug', 'validate', '--no-data'], ['--no-database']],
    ['values of an option', ['validate', '--format', 'sa'], ['sarif']],
  ])('completes %s', (_, words, expected) => {
    expect(completions(script, ...words)).toEqual(expected);
  });
});

describe('mxcp completion', () => {
  it('gives zsh and fish each command with its summary, and options with theirs', async () => {
    const zsh = await mxcp(['completion', 'zsh']);
    expect(zsh.stdout).toMatch(/^#compdef mxcp mxcp-node\n/);
    expect(zsh.stdout).toContain("'init:Create a new site'");
    const fish = await mxcp(['completion', 'fish']);
    expect(fish.stdout).toContain("-a init -d 'Create a new site'");
    expect(fish.stdout).toContain(
      "complete -c mxcp -n '__fish_seen_subcommand_from run' -l param -s p -r -d ",
    );
    expect(fish.stdout).toContain("-l format -x -a 'text json github sarif'");
  });

  it('gives the script as the result with --json', async () => {
    const { json } = await mxcp(['completion', 'bash', '--json']);
    expect(json()).toMatchObject({ status: 'ok', result: { shell: 'bash' } });
  });
});
