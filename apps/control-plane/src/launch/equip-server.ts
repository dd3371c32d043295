/** What a new server gets for its launches: a launch template, and actions to copy. */
import type { NewServerTemplates } from '../lifecycle/default-settings.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { listActions, saveAction } from '../store/post-launch-actions.ts';
import type { Queries } from '../store/schema.ts';
import { addVersion } from './launch-template.ts';
import { serverTemplate } from './server-template.ts';
import { completeData } from './template-data.ts';

export async function equipServer(
  service: Service,
  tx: Queries,
  server: SourceServerRecord,
  { launch, launchTemplateId }: NewServerTemplates,
): Promise<void> {
  await completeTemplate(service, tx, server, launch);
  for (const { operatingSystem, ...action } of await listActions(tx, launchTemplateId)) {
    // Agents run on Linux: an action for Windows would never be run.
    if (operatingSystem !== 'windows') await saveAction(tx, server.sourceServerId, action);
  }
}

/** One that an inventory began before anybody knew the server's disks and size gets what they give. */
async function completeTemplate(
  service: Service,
  tx: Queries,
  server: SourceServerRecord,
  launch: NewServerTemplates['launch'],
): Promise<void> {
  const { template, version } = await serverTemplate(service, tx, server, launch);
  const data = completeData(version.data, server, service.sizes, launch);
  if (data === undefined) return;
  await addVersion(tx, template, {
    data,
    ec2Members: version.ec2Members,
    nowMs: service.clock.nowMs(),
    description: 'follows what the agent told',
    isDefault: true,
  });
}
