/** Which template an action of a server came from: a server that is added copies them with their ids. */
import type { MgnCall } from '../api/mgn-client.ts';
import { useConsole, useLive } from '../shell/console-context.tsx';
import { ACTIONS_MAX } from './action-draft.ts';

export interface ActionOrigin {
  readonly templateId: string;
  readonly name: string;
}

/** Of so many templates, the first that are listed; there are rarely more than one. */
const TEMPLATES_MAX = 20;

/** By action id; absent until it is known, and for whoever may not see templates. */
export function useActionOrigins(): ReadonlyMap<string, ActionOrigin> | undefined {
  const { mgn } = useConsole();
  return useLive({ key: 'actions of templates', on: ['TemplateChanged'], load: () => loadOrigins(mgn) })
    .value;
}

async function loadOrigins(mgn: MgnCall): Promise<ReadonlyMap<string, ActionOrigin>> {
  const { items = [] } = await mgn('DescribeLaunchConfigurationTemplates', { maxResults: TEMPLATES_MAX });
  const origins = new Map<string, ActionOrigin>();
  for (const { launchConfigurationTemplateID, tags } of items) {
    const request = { launchConfigurationTemplateID, maxResults: ACTIONS_MAX };
    const { items: actions = [] } = await mgn('ListTemplateActions', request);
    const origin = {
      templateId: launchConfigurationTemplateID,
      name: tags?.Name ?? launchConfigurationTemplateID,
    };
    for (const { actionID = '' } of actions) origins.set(actionID, origin);
  }
  return origins;
}
