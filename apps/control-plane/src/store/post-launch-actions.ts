/** Post-launch actions of servers and of launch configuration templates, in the API's own words. */
import type { Mgn } from '@landfall/api';
import { decodeDocument, encodeDocument } from './document.ts';
import type { Queries } from './schema.ts';

/** Put requires these; `operatingSystem` is known of templates only. */
export type ActionRecord = Mgn.TemplateActionDocument & {
  readonly actionID: string;
  readonly actionName: string;
  readonly documentIdentifier: string;
  readonly order: number;
};

/** `ownerId`: a source server or a launch configuration template. */
export async function saveAction(tx: Queries, ownerId: string, action: ActionRecord): Promise<void> {
  const document = encodeDocument(action);
  await tx
    .insertInto('post_launch_action')
    .values({ owner_id: ownerId, action_id: action.actionID, document })
    .onConflict((conflict) => conflict.columns(['owner_id', 'action_id']).doUpdateSet({ document }))
    .execute();
}

export async function listActions(db: Queries, ownerId: string): Promise<readonly ActionRecord[]> {
  const rows = await db
    .selectFrom('post_launch_action')
    .select('document')
    .where('owner_id', '=', ownerId)
    .orderBy('action_id')
    .execute();
  const actions = rows.map((row) => decodeDocument<ActionRecord>(row.document));
  return actions.toSorted((left, right) => left.order - right.order);
}

/** Of all owners. */
export async function listAllActions(db: Queries): Promise<readonly ActionRecord[]> {
  const rows = await db
    .selectFrom('post_launch_action')
    .select('document')
    .orderBy('owner_id')
    .orderBy('action_id')
    .execute();
  return rows.map((row) => decodeDocument(row.document));
}

/** False when there was none. */
export async function deleteAction(tx: Queries, ownerId: string, actionId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('post_launch_action')
    .where('owner_id', '=', ownerId)
    .where('action_id', '=', actionId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function deleteActionsOf(tx: Queries, ownerId: string): Promise<void> {
  await tx.deleteFrom('post_launch_action').where('owner_id', '=', ownerId).execute();
}
