import { Argument, type Command } from 'commander';
import type { CommandShape, Shell } from './completion-scripts.js';
import { completionScript } from './completion-scripts.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { printResult } from './output.js';

function shapeOf(command: Command): CommandShape {
  return {
    name: command.name(),
    summary: command.summary(),
    choices: command.registeredArguments[0]?.argChoices ?? [],
    options: command.options.map(({ long, short, description, required, optional, argChoices }) => ({
      flags: [long, short].flatMap((flag) => flag ?? []),
      description,
      takesValue: required || optional,
      choices: argChoices ?? [],
    })),
    commands: command.commands.map(shapeOf),
  };
}

/** Prints the script that completes a program's commands and options in a shell. */
export function completion(context: Context, program: Command, shell: Shell): ExitCode {
  const script = completionScript(shell, shapeOf(program));
  return printResult(context, { shell, script }, () => script);
}

/** `mxcp completion bash|zsh|fish`. Expects the whole command tree above (`wholeTree` of the catalog). */
export function configure(command: Command, invoke: Invoke): void {
  command
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nFor example in ~/.bashrc: source <(mxcp completion bash)')
    .action((shell: Shell) =>
      invoke((context) => Promise.resolve(completion(context, command.parent ?? command, shell))),
    );
}
