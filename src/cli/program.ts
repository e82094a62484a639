import { Command, CommanderError } from 'commander';
import { toMxcpError, UsageError } from '../errors.js';
import { catalog } from './catalog.js';
import { commonOptions, helpOption, versionOption } from './common-options.js';
import { colorsFor } from './colors.js';
import type { Context, ExitCode, Invoke, World } from './context.js';
import { printJson } from './output.js';
import { environmentFlag } from './environment-flag.js';
import { description, overviewText, versionText } from './overview.js';
import { presentCrash } from './present-error.js';

interface RawOptions {
  readonly site?: string;
  readonly profile?: string;
  readonly config?: string;
  readonly envFile: boolean;
  readonly debug?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

const everythingHint = '(mxcp --help lists all commands and options)';

/** Commands of the Python program that are not here (docs/migrate.md). */
const notYet = new Set(['evals', 'lint', 'dbt', 'dbt-config', 'drift-check', 'drift-snapshot']);

const valueOptions = new Set(['--site', '--profile', '--config']);

function newProgram(): Command {
  const program = new Command('mxcp')
    .description(description)
    .version(versionText(), ...versionOption)
    .helpOption(...helpOption)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError(everythingHint);
  for (const option of commonOptions) program.option(...option);
  program.helpInformation = overviewText;
  return program;
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

/** The environment twins of the common options that no setting of a project is (spec page 02). Throws `UsageError`. */
function withTwins(raw: RawOptions, { env }: World): RawOptions {
  const quiet = raw.quiet ?? environmentFlag(env, 'MXCP_QUIET') ?? false;
  const debug = raw.debug ?? environmentFlag(env, 'MXCP_DEBUG') ?? false;
  return { ...raw, quiet, debug };
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

/** What follows a complaint about the use of a command: how it is used. */
function usageHint(command: Command): string {
  const names = [command.name()];
  for (let { parent } = command; parent !== null; { parent } = parent) names.unshift(parent.name());
  return `(${names.join(' ')} ${command.usage()})`;
}

function connect(program: Command, world: World, json: boolean): void {
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    if (command !== program) command.showHelpAfterError(`${usageHint(command)}\n${everythingHint}`);
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

/** Parses the arguments, runs the command that they name, and presents what it throws. Never throws itself. */
export async function runProgram(args: readonly string[], world: World): Promise<ExitCode> {
  const json = args.includes('--json') || args.includes('--json-output');
  let code: ExitCode = 0;
  const invoke: Invoke = async (work) => {
    const context = contextOf(world, withTwins(program.opts<RawOptions>(), world), json);
    try {
      code = await work(context);
    } catch (error) {
      code = presentCrash(context, toMxcpError(error));
    }
  };
  const chosen = chosenCommand(args);
  const program = await buildProgram(invoke, chosen);
  connect(program, world, json);
  try {
    if (notYet.has(chosen ?? ''))
      throw new UsageError(`mxcp ${chosen} is not available yet: see docs/migrate.md`);
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    const context = contextOf(world, program.opts<RawOptions>(), json);
    if (error instanceof CommanderError) return usageExit(context, error);
    return presentCrash(context, toMxcpError(error));
  }
}
