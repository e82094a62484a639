import { ToolError, type ToolContext } from 'mxcp';
import type { DeleteOrderNotesArgs, DeleteOrderNotesResult } from './types.gen.js';

/** Everything before the last question only reads: over HTTP the body runs once more, with the answer. */
export async function delete_order_notes(
  { order_id }: DeleteOrderNotesArgs,
  ctx: ToolContext,
): Promise<DeleteOrderNotesResult> {
  const sql = 'SELECT count(*) AS notes FROM order_notes WHERE order_id = $order_id';
  const notes = (await ctx.db.queryOne<{ notes: number }>(sql, { order_id }))?.notes ?? 0;
  const form = {
    type: 'object',
    properties: { notes: { type: 'integer', title: 'How many notes are to be deleted?' } },
    required: ['notes'],
  };
  const answer = await ctx.elicit(
    'confirm',
    form,
    `Delete all ${notes} notes of order ${order_id}? They are gone then.`,
  );
  if (answer.action !== 'accept') return { order_id, deleted: 0 };
  if (answer.content?.['notes'] !== notes)
    throw new ToolError('That is not how many there are; nothing was deleted');
  await ctx.db.execute('DELETE FROM order_notes WHERE order_id = $order_id', { order_id });
  ctx.audit.event({ target: 'order_notes', operation: 'delete', notes });
  return { order_id, deleted: notes };
}
