import type { ExitCode, World } from './context.js';
import { overviewText, versionText } from './overview.js';

const helpWords = new Set(['--help', '-h', 'help']);
const versionWords = new Set(['--version', '-V']);

/** What needs no parser is answered without loading one, so that it is instant. */
function quickAnswer(args: readonly string[]): string | undefined {
  const [first] = args;
  if (first === undefined) return overviewText();
  if (args.length > 1) return undefined;
  if (helpWords.has(first)) return overviewText();
  return versionWords.has(first) ? `${versionText()}\n` : undefined;
}

/**
 * The program: arguments (without node and script) and a world in, an exit code out. Never throws; a usage mistake is 2,
 * and an error that no command expected is presented like any other.
 */
export async function runCli(args: readonly string[], world: World): Promise<ExitCode> {
  const answer = quickAnswer(args);
  if (answer !== undefined) {
    world.stdout.write(answer);
    return 0;
  }
  const { runProgram } = await import('./program.js');
  return runProgram(args, world);
}
