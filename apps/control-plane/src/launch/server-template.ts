/** A server's launch template: there when asked for, in step with the launch configuration. */
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { Service } from '../service.ts';
import { deleteLaunchTemplate, findLaunchTemplate } from '../store/launch-templates.ts';
import { deleteActionsOf } from '../store/post-launch-actions.ts';
import type { Queries } from '../store/schema.ts';
import {
  addVersion,
  defaultVersion,
  ensureTemplate,
  type LaunchTemplateData,
  type TemplateVersion,
} from './launch-template.ts';
import { firstData, followConfiguration, type VolumeSettings } from './template-data.ts';

type Facts = Pick<Service, 'clock' | 'random' | 'sizes'>;

/** Its default version. */
export async function serverTemplate(
  { clock, random, sizes }: Facts,
  tx: Queries,
  server: SourceServerRecord,
  volumes?: VolumeSettings,
): Promise<TemplateVersion> {
  const options = { nowMs: clock.nowMs(), random };
  const template = await ensureTemplate(tx, server, firstData(server, sizes, volumes), options);
  return { template, version: await defaultVersion(tx, template) };
}

/** What the next launch will find in it (`keepInStep`), without a new version of it yet. */
export async function dataInStep(
  facts: Facts,
  tx: Queries,
  server: SourceServerRecord,
): Promise<LaunchTemplateData> {
  const { data } = (await serverTemplate(facts, tx, server)).version;
  return followConfiguration(data, server, facts.sizes) ?? data;
}

/** A new default version, when the launch configuration asks for something else than the template has. */
export async function keepInStep(
  facts: Facts,
  tx: Queries,
  server: SourceServerRecord,
  before?: SourceServerRecord['launchConfiguration'],
): Promise<TemplateVersion> {
  const current = await serverTemplate(facts, tx, server);
  const data = followConfiguration(current.version.data, server, facts.sizes, before);
  if (data === undefined) return current;
  return addVersion(tx, current.template, {
    data,
    ec2Members: current.version.ec2Members,
    nowMs: facts.clock.nowMs(),
    description: 'follows the launch configuration',
    isDefault: true,
  });
}

/** With the server goes what is kept of its launches to come. */
export async function forgetServerConfiguration(tx: Queries, sourceServerId: string): Promise<void> {
  const template = await findLaunchTemplate(tx, sourceServerId);
  if (template !== undefined) await deleteLaunchTemplate(tx, template.launchTemplateId);
  await deleteActionsOf(tx, sourceServerId);
}
