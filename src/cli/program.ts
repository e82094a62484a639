import { Command, CommanderError } from 'commander';
import { toMxcpError } from '../errors.js';
import { catalog } from './catalog.js';
import { colorsFor } from './colors.js';
import type { Context, ExitCode, Invoke, World } from './context.js';
import { printJson } from './output.js';
import { presentCrash } from './present-error.js';
import { packageVersion } from './version.js';

interface RawOptions {
  readonly site?: string;
  readonly profile?: string;
  readonly config?: string;
  readonly envFile: boolean;
  readonly debug?: true;
  readonly quiet?: true;
  readonly color: boolean;
}

const valueOptions = new Set(['--site', '--profile', '--config']);

function newProgram(): Command {
  return new Command('mxcp')
    .description('Policy-driven data tools for the Model Context Protocol')
    .version(`mxcp ${packageVersion()} (node)`, '-V, --version', 'print the version')
    .option('--site <dir>', 'folder of the site, or one below it (default: the working directory)')
    .option('--profile <name>', 'profile of the site')
    .option('--config <file>', 'user configuration (default: ~/.mxcp/config.yml)')
    .option('--no-env-file', 'do not read .env beside the site file')
    .option('--json', 'print one JSON document on stdout')
    .option('--json-output', 'the same as --json')
    .option('--debug', 'show more: log level debug, causes and stacks of errors')
    .option('--quiet', 'print results and problems only')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(mxcp --help lists all commands and options)');
}

/** The command that the arguments name, found without knowing any command's options. */
function chosenCommand(args: readonly string[]): string | undefined {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (valueOptions.has(arg)) i++;
    else if (!arg.startsWith('-') && arg !== 'help') return arg;
  }
  return undefined;
}

/** The command tree. Only the chosen command gets its arguments and options, so that no other file is loaded. */
async function buildProgram(invoke: Invoke, chosen: string | undefined): Promise<Command> {
  const program = newProgram();
  const whole = catalog.some(({ name, wholeTree }) => name === chosen && wholeTree === true);
  for (const { name, summary, load } of catalog) {
    const command = program.command(name).summary(summary).description(summary);
    if (whole || name === chosen) (await load()).configure(command, invoke);
  }
  return program;
}

function contextOf(world: World, raw: RawOptions, json: boolean): Context {
  return {
    world,
    options: {
      ...(raw.site !== undefined && { site: raw.site }),
      ...(raw.profile !== undefined && { profile: raw.profile }),
      ...(raw.config !== undefined && { config: raw.config }),
      envFile: raw.envFile,
      json,
      debug: raw.debug === true,
      quiet: raw.quiet === true,
    },
    colors: {
      stdout: colorsFor(world.stdout, world.env, raw.color),
      stderr: colorsFor(world.stderr, world.env, raw.color),
    },
  };
}

/** Commander's complaints are on stderr as text already; with `--json` they are the one document on stdout instead. */
function usageExit(context: Context, error: CommanderError): ExitCode {
  if (error.exitCode === 0) return 0;
  if (context.options.json) {
    const message = error.message.replace(/^error: /, '');
    printJson(context, { status: 'error', error: message, code: 'USAGE_INVALID', issues: [] });
  }
  return 2;
}

function connect(program: Command, world: World, json: boolean): void {
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => {
        if (!json) world.stderr.write(text);
      },
      getOutHelpWidth: () => world.stdout.columns ?? 100,
      getErrHelpWidth: () => world.stderr.columns ?? 100,
    });
  }
}

/**
 * The program: arguments (without node and script) and a world in, an exit code out. Never throws; a usage mistake is 2,
 * and an error that no command expected is presented like any other.
 */
export async function runCli(args: readonly string[], world: World): Promise<ExitCode> {
  const json = args.includes('--json') || args.includes('--json-output');
  let code: ExitCode = 0;
  const invoke: Invoke = async (work) => {
    code = await work(contextOf(world, program.opts<RawOptions>(), json));
  };
  const program = await buildProgram(invoke, chosenCommand(args));
  connect(program, world, json);
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' });
    return code;
  } catch (error) {
    const context = contextOf(world, program.opts<RawOptions>(), json);
    if (error instanceof CommanderError) return usageExit(context, error);
    return presentCrash(context, toMxcpError(error));
  }
}
