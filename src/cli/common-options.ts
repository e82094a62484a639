/** Flags and description, as commander and the help show them. */
export type OptionText = readonly [flags: string, description: string];

/** Options that every command has (spec page 10), before or after the command's name. */
export const commonOptions: readonly OptionText[] = [
  ['--site <dir>', 'folder of the site, or one below it (default: the working directory)'],
  ['--profile <name>', 'profile of the site'],
  ['--config <file>', 'user configuration (default: ~/.mxcp/config.yml)'],
  ['--no-env-file', 'do not read .env beside the site file'],
  ['--json', 'print one JSON document on stdout'],
  ['--json-output', 'the same as --json'],
  ['--debug', 'show more: log level debug, causes and stacks of errors'],
  ['--quiet', 'print results and problems only'],
  ['--no-color', 'no colours (also NO_COLOR)'],
];

export const versionOption: OptionText = ['-V, --version', 'print the version'];
export const helpOption: OptionText = ['-h, --help', 'print help'];
