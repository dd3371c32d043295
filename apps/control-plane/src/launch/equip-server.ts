/** What a new server gets for its launches: a launch template, and actions to copy. */
import type { NewServerTemplates } from '../lifecycle/default-settings.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { listActions, saveAction } from '../store/post-launch-actions.ts';
import type { Queries } from '../store/schema.ts';
import { serverTemplate } from './server-template.ts';

export async function equipServer(
  service: Service,
  tx: Queries,
  server: SourceServerRecord,
  { launch, launchTemplateId }: NewServerTemplates,
): Promise<void> {
  await serverTemplate(service, tx, server, launch);
  for (const { operatingSystem, ...action } of await listActions(tx, launchTemplateId)) {
    // Agents run on Linux: an action for Windows would never be run.
    if (operatingSystem !== 'windows') await saveAction(tx, server.sourceServerId, action);
  }
}
