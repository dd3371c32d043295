/** Whose post-launch actions: MGN has the same three calls for servers and for templates. */
import type { Mgn } from '@landfall/api/types';
import type { MgnCall } from '../api/mgn-client.ts';
import type { Action, ActionPut } from './action-draft.ts';

export interface ActionOwner {
  readonly kind: 'SERVER' | 'TEMPLATE';
  readonly id: string;
}

export function listActions(
  mgn: MgnCall,
  { kind, id }: ActionOwner,
  page: { readonly maxResults: number },
): Promise<{ readonly items?: readonly Action[] | undefined }> {
  return kind === 'SERVER'
    ? mgn('ListSourceServerActions', { sourceServerID: id, ...page })
    : mgn('ListTemplateActions', { launchConfigurationTemplateID: id, ...page });
}

/** Of an action that is there it changes what is given. */
export function putAction(
  mgn: MgnCall,
  { kind, id }: ActionOwner,
  action: ActionPut,
): Promise<Mgn.SourceServerActionDocument | Mgn.TemplateActionDocument> {
  if (kind === 'TEMPLATE') return mgn('PutTemplateAction', { launchConfigurationTemplateID: id, ...action });
  const { operatingSystem: _, ...ofServer } = action;
  return mgn('PutSourceServerAction', { sourceServerID: id, ...ofServer });
}

export function reorderAction(mgn: MgnCall, owner: ActionOwner, action: Action, order: number) {
  const { actionID = '', actionName = '', documentIdentifier = '' } = action;
  return putAction(mgn, owner, { actionID, actionName, documentIdentifier, order });
}

export function removeAction(mgn: MgnCall, { kind, id }: ActionOwner, actionID: string) {
  return kind === 'SERVER'
    ? mgn('RemoveSourceServerAction', { sourceServerID: id, actionID })
    : mgn('RemoveTemplateAction', { launchConfigurationTemplateID: id, actionID });
}
