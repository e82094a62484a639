export type Shell = 'bash' | 'zsh' | 'fish';

export interface OptionShape {
  /** `--param`, `-p`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** What completion needs to know of a command. */
export interface CommandShape {
  readonly name: string;
  readonly summary: string;
  /** Values of its first argument. */
  readonly choices: readonly string[];
  readonly options: readonly OptionShape[];
  readonly commands: readonly CommandShape[];
}

interface Word {
  readonly word: string;
  readonly description: string;
}

/** A value in single quotes, as bash and zsh read it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function wordsOf(command: CommandShape, common: readonly OptionShape[]): readonly Word[] {
  return [
    ...command.commands.map(({ name, summary }) => ({ word: name, description: summary })),
    ...command.choices.map((word) => ({ word, description: '' })),
    ...[...command.options, ...common].flatMap(({ flags, description }) =>
      flags.map((word) => ({ word, description })),
    ),
  ];
}

/** `--transport)` → its choices, for every option of the program that has some. */
function valueCases(program: CommandShape): readonly (readonly [flag: string, choices: readonly string[]])[] {
  const options = [...program.options, ...program.commands.flatMap((command) => command.options)];
  const cases = options.flatMap(({ flags, choices }) => flags.map((flag) => [flag, choices] as const));
  return [...new Map(cases.filter(([, choices]) => choices.length > 0))];
}

function findCommand(program: CommandShape, words: string): string {
  return `  local word command=''
  for word in ${words}; do
    case "$word" in
      ${program.commands.map(({ name }) => name).join('|')}) command="$word"; break ;;
    esac
  done`;
}

function bashScript(program: CommandShape): string {
  const list = (words: readonly string[]): string => quote(words.join(' '));
  const cases = [{ ...program, name: '' }, ...program.commands].map((command) => {
    const words = wordsOf(command, command.name === '' ? [] : program.options).map(({ word }) => word);
    return `    ${quote(command.name)}) words=${list(words)} ;;`;
  });
  const values = valueCases(program).map(([flag, choices]) => `    ${flag}) words=${list(choices)} ;;`);
  return `# bash completion for mxcp
_mxcp() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=''
${findCommand(program, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  case "$command" in
${cases.join('\n')}
  esac
  case "$previous" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _mxcp mxcp mxcp-node
`;
}

function zshScript(program: CommandShape): string {
  const entry = ({ word, description }: Word): string =>
    quote(`${word.replaceAll(':', '\\:')}${description === '' ? '' : `:${description}`}`);
  const cases = [{ ...program, name: '' }, ...program.commands].map((command) => {
    const entries = wordsOf(command, command.name === '' ? [] : program.options).map(entry);
    return `    (${quote(command.name)}) entries=(\n      ${entries.join('\n      ')}\n    ) ;;`;
  });
  const values = valueCases(program).map(
    ([flag, choices]) => `    (${flag}) entries=(${choices.map(quote).join(' ')}) ;;`,
  );
  return `#compdef mxcp mxcp-node
_mxcp() {
  local -a entries
${findCommand(program, '"${(@)words[2,CURRENT-1]}"')}
  case "$command" in
${cases.join('\n')}
  esac
  case "\${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  _describe -t values 'mxcp' entries || _files
}
compdef _mxcp mxcp mxcp-node
`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishOption(option: OptionShape, condition: string): string {
  const flags = option.flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const choices = option.choices.length > 0 ? ` -x -a ${fishQuote(option.choices.join(' '))}` : ' -r';
  const value = option.takesValue ? choices : '';
  return `complete -c mxcp${condition} ${flags.join(' ')}${value} -d ${fishQuote(option.description)}`;
}

function fishScript(program: CommandShape): string {
  const command = (one: CommandShape): string[] => {
    const seen = ` -n ${fishQuote(`__fish_seen_subcommand_from ${one.name}`)}`;
    const words = [...one.commands.map(({ name }) => name), ...one.choices];
    return [
      `complete -c mxcp -n __fish_use_subcommand -f -a ${one.name} -d ${fishQuote(one.summary)}`,
      ...(words.length > 0 ? [`complete -c mxcp${seen} -f -a ${fishQuote(words.join(' '))}`] : []),
      ...one.options.map((option) => fishOption(option, seen)),
    ];
  };
  return [
    '# fish completion for mxcp',
    ...program.options.map((option) => fishOption(option, '')),
    ...program.commands.flatMap(command),
    'complete -c mxcp-node -w mxcp',
    '',
  ].join('\n');
}

/** The completion script of a shell for a command tree. */
export function completionScript(shell: Shell, program: CommandShape): string {
  const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return scripts[shell](program);
}
