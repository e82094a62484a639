import { join } from 'node:path';

/** A client, the file in which it looks for servers, and what to put there. */
export interface ClientConfig {
  readonly client: string;
  readonly file: string;
  readonly config: object;
}

/** How Claude Desktop, VS Code and Cursor start this site over stdio. `launch` is the program with its first arguments. */
export function clientConfigs(
  name: string,
  root: string,
  launch: readonly string[],
): readonly ClientConfig[] {
  const [command = 'mxcp', ...first] = launch;
  const server = { command, args: [...first, 'serve', '--transport', 'stdio', '--site', root] };
  return [
    {
      client: 'Claude Desktop',
      file: 'claude_desktop_config.json (Settings, Developer, Edit Config)',
      config: { mcpServers: { [name]: server } },
    },
    {
      client: 'VS Code',
      file: join(root, '.vscode', 'mcp.json'),
      config: { servers: { [name]: { type: 'stdio', ...server } } },
    },
    { client: 'Cursor', file: join(root, '.cursor', 'mcp.json'), config: { mcpServers: { [name]: server } } },
  ];
}

/** The configurations as text to copy. */
export function clientConfigText(configs: readonly ClientConfig[]): string {
  return configs
    .map(({ client, file, config }) => `${client}: ${file}\n${JSON.stringify(config, null, 2)}`)
    .join('\n\n');
}
