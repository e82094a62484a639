import type { Command } from 'commander';
import type { OperatorClients } from '../engine/operator-clients.js';
import type { Context, ExitCode, Invoke } from './context.js';
import { printNote, printResult } from './output.js';
import { limitOption, offsetOption, type PageOptions } from './page-options.js';
import { printable } from './printable.js';
import { tableText } from './table.js';
import { withOperator, type OpenOperator } from './with-operator.js';

type ClientInfo = Awaited<ReturnType<OperatorClients['revoke']>>;

const open: OpenOperator<OperatorClients> = async (...how) =>
  (await import('../engine/operator-clients.js')).openOperatorClients(...how);

/** How a client came to be known, in the words of the command. */
const origins = { operator: 'configuration', itself: 'registration', document: 'document' } as const;

function infoJson({ id, name, origin, people, allowedAt, lastUsedAt }: ClientInfo): object {
  const iso = (millis: number | undefined): string | null =>
    millis === undefined ? null : new Date(millis).toISOString();
  return {
    id,
    name,
    origin: origins[origin],
    people,
    allowed_at: iso(allowedAt),
    last_used_at: iso(lastUsedAt),
  };
}

function clientRow({ id, name, origin, people, allowedAt, lastUsedAt }: ClientInfo): string[] {
  const dateOf = (millis: number | undefined): string =>
    millis === undefined ? 'never' : new Date(millis).toISOString().slice(0, 10);
  return [name, id, origins[origin], String(people), dateOf(allowedAt), dateOf(lastUsedAt)];
}

function listText(
  context: Context,
  page: readonly ClientInfo[],
  total: number,
  { offset }: PageOptions,
): string {
  if (page.length === 0) return total === 0 ? 'No clients' : `No clients there: ${total} in all`;
  const head = ['NAME', 'ID', 'FROM', 'PEOPLE', 'LAST ALLOWED', 'LAST USED'];
  const table = tableText(head, page.map(clientRow), context.colors.stdout);
  return page.length === total ? table : `${table}\n${offset + 1}-${offset + page.length} of ${total}`;
}

async function list(context: Context, options: PageOptions): Promise<ExitCode> {
  return withOperator(context, open, async (clients) => {
    const all = await clients.list();
    const page = all.slice(options.offset, options.offset + options.limit);
    const result = { clients: page.map(infoJson), total: all.length };
    return printResult(context, result, () => listText(context, page, all.length, options));
  });
}

/** What keeps a client from asking again is where it came from. */
const afterwards = {
  operator: 'It is in auth.clients and may ask again: remove it there and restart, to keep it out',
  itself: 'It may register and ask again',
  document: 'Its document is at its own address, and it may ask again',
} as const;

async function revoke(context: Context, id: string): Promise<ExitCode> {
  return withOperator(context, open, async (clients) => {
    const gone = await clients.revoke(id);
    printNote(context, afterwards[gone.origin]);
    const text = (): string =>
      printable(`Revoked ${gone.id} for ${gone.people} ${gone.people === 1 ? 'person' : 'people'}`);
    return printResult(context, { revoked: infoJson(gone) }, text);
  });
}

/** `mxcp clients list|revoke`. */
export function configure(command: Command, invoke: Invoke): void {
  const subcommand = (name: string, summary: string): Command =>
    command.command(name).summary(summary).description(summary);
  subcommand('list', 'List applications, those that somebody let in last first')
    .addOption(limitOption('applications'))
    .addOption(offsetOption('applications'))
    .action((options: PageOptions) => invoke((context) => list(context, options)));
  subcommand('revoke', 'End what everybody let an application do, within a second')
    .argument('<id>', 'of the application')
    .action((id: string) => invoke((context) => revoke(context, id)));
}
