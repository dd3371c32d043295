/** Post-launch actions of source servers and of launch configuration templates. */
import { ApiError, type Handlers, type Mgn, type PageRequest, paginate } from '@landfall/api';
import { requireNamed } from '../actions/script-library.ts';
import type { Service } from '../service.ts';
import { type ActionRecord, deleteAction, listActions, saveAction } from '../store/post-launch-actions.ts';
import type { Queries } from '../store/schema.ts';
import { findTemplate } from '../store/templates.ts';
import { requireServer } from './change-source-server.ts';
import { withoutAbsent } from './partial-update.ts';

type Operations = Pick<
  Handlers<'mgn', Service>,
  | 'PutSourceServerAction'
  | 'ListSourceServerActions'
  | 'RemoveSourceServerAction'
  | 'PutTemplateAction'
  | 'ListTemplateActions'
  | 'RemoveTemplateAction'
>;

/** Source: MGN's quotas. */
const ACTIONS_MAX = 100;

export const postLaunchActionOperations: Operations = {
  PutSourceServerAction: ({ sourceServerID, accountID: _, ...action }, service) =>
    service.store.transaction(async (tx) => {
      await requireServer(tx, sourceServerID);
      return putAction(tx, sourceServerID, action);
    }),

  ListSourceServerActions: async (input, { store }) => {
    await requireServer(store.db, input.sourceServerID);
    return listPage(store.db, input.sourceServerID, input);
  },

  RemoveSourceServerAction: ({ sourceServerID, actionID }, service) =>
    service.store.transaction(async (tx) => {
      await requireServer(tx, sourceServerID);
      return removeAction(tx, sourceServerID, actionID);
    }),

  PutTemplateAction: ({ launchConfigurationTemplateID, ...action }, service) =>
    service.store.transaction(async (tx) => {
      await requireTemplate(tx, launchConfigurationTemplateID);
      return putAction(tx, launchConfigurationTemplateID, action);
    }),

  ListTemplateActions: async (input, { store }) => {
    await requireTemplate(store.db, input.launchConfigurationTemplateID);
    return listPage(store.db, input.launchConfigurationTemplateID, input);
  },

  RemoveTemplateAction: ({ launchConfigurationTemplateID, actionID }, service) =>
    service.store.transaction(async (tx) => {
      await requireTemplate(tx, launchConfigurationTemplateID);
      return removeAction(tx, launchConfigurationTemplateID, actionID);
    }),
};

/** A second put of an action changes what it names and leaves the rest, as MGN does. */
async function putAction(tx: Queries, ownerId: string, given: ActionRecord): Promise<ActionRecord> {
  const actions = await listActions(tx, ownerId);
  const known = actions.find(({ actionID }) => actionID === given.actionID);
  const others = actions.filter((action) => action !== known);
  await requireNamed(tx, given.documentIdentifier, given.documentVersion);
  const rival = others.find(({ order }) => order === given.order);
  if (rival !== undefined) {
    const why = `order ${given.order} is that of ${rival.actionName} (${rival.actionID}) already`;
    throw ApiError.conflict(why, { resourceId: rival.actionID, resourceType: 'Action' });
  }
  if (known === undefined && actions.length >= ACTIONS_MAX) {
    const why = `${ownerId} has ${ACTIONS_MAX} actions already; remove one first`;
    throw ApiError.conflict(why, { resourceId: ownerId, resourceType: 'Action' });
  }
  const base: ActionRecord = known ?? { ...given, active: true, mustSucceedForCutover: false };
  const action = withoutAbsent<ActionRecord>(base, given);
  await saveAction(tx, ownerId, action);
  return action;
}

async function removeAction(tx: Queries, ownerId: string, actionId: string): Promise<Record<string, never>> {
  if (!(await deleteAction(tx, ownerId, actionId))) throw ApiError.notFound(actionId, 'Action');
  return {};
}

interface ListRequest extends PageRequest {
  readonly filters?: Mgn.SourceServerActionsRequestFilters | undefined;
}

async function listPage(db: Queries, ownerId: string, request: ListRequest) {
  const { actionIDs = [] } = request.filters ?? {};
  const actions = await listActions(db, ownerId);
  const wanted = actions.filter(({ actionID }) => actionIDs.length === 0 || actionIDs.includes(actionID));
  return paginate(wanted, request, {
    listing: `Actions ${ownerId} ${JSON.stringify(actionIDs)}`,
    sortKeyOf: ({ order, actionID }) => `${String(order).padStart(6, '0')} ${actionID}`,
  });
}

async function requireTemplate(db: Queries, templateId: string): Promise<void> {
  if ((await findTemplate(db, 'LAUNCH', templateId)) !== undefined) return;
  throw ApiError.notFound(templateId, 'LaunchConfigurationTemplate');
}
